"""Keys and rights of a project, or of a person where there is no project: made, certified, brought in, taken back.

In a project every change is an entry of the log, of the kind ``key``, signed by who makes it: the root's holder
with the root itself (create, trust, revoke), a person with the key that is brought in, and the project's identity
for another root that is trusted and for rights that its holder sent. A request gives nobody anything and is no
entry. The entry is made before the change, and names the ``trust.yaml`` that the change leaves.
"""
