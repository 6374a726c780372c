"""Policies: what must hold, written down before it is measured."""

from govern.policy.load import from_json, load_policy, packs, policy_of
from govern.policy.model import Policy, Rule

__all__ = ["Policy", "Rule", "from_json", "load_policy", "packs", "policy_of"]
