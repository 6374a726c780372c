"""PAdES signatures in a PDF: fields first, then the author's certification, then approvals.

Level B-LTA where a time-stamp authority is given. Otherwise level B-B: the signing time is what the signer's machine
said; there is no trusted time stamp.
"""

from govern.signing.pades.checking import check
from govern.signing.pades.fields import AUTHOR, prepare
from govern.signing.pades.sealing import sign

__all__ = ["AUTHOR", "check", "prepare", "sign"]
