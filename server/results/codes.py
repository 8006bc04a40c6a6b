"""The look-up code of a result: short, unguessable, typed by people from paper.

A code is 17 random characters and one check character out of 29. The alphabet leaves out every character
that paper or handwriting makes like another that is in it: no 0 O, 1 I L, 5 S. 17 characters of 29 are 82.5
bits. 29 is prime, so the weighted sum modulo 29 finds every single wrong character and every two
characters that changed places (as ISO/IEC 7064 does for its prime moduli): a slip of the hand is told as such
and never costs a try. Pure: random numbers come from the caller.
"""

from __future__ import annotations

ALPHABET = "2346789ABCDEFGHJKMNPQRTUVWXYZ"
"""29 characters, a prime number of them."""
RANDOM_CHARACTERS = 17
"""Characters that are drawn; the last one of a code checks them."""
LENGTH = RANDOM_CHARACTERS + 1
GROUP = 6
"""Characters that are printed together."""
SPACE = len(ALPHABET) ** RANDOM_CHARACTERS
"""How many codes there are: 29 ** 17, above 2 ** 82."""
_VALUE = {character: value for value, character in enumerate(ALPHABET)}


def make_code(random: int) -> str:
    """Return the code of a random number from 0 below SPACE. Raises ValueError outside of it."""
    if not 0 <= random < SPACE:
        raise ValueError("the random number lies outside the space of codes")
    values = []
    for _ in range(RANDOM_CHARACTERS):
        random, value = divmod(random, len(ALPHABET))
        values.append(value)
    return "".join(ALPHABET[value] for value in values) + _check(values)


def read_code(typed: str) -> str | None:
    """Return the code that somebody typed, in its one form; None when it cannot be one.

    Case, spaces and hyphens do not matter. None also for a wrong check character: no database is asked then.
    """
    plain = "".join(character for character in typed.upper() if character not in " -–.\t\n\r")
    if len(plain) != LENGTH or any(character not in _VALUE for character in plain):
        return None
    if _check([_VALUE[character] for character in plain[:-1]]) != plain[-1]:
        return None
    return plain


def shown(code: str) -> str:
    """Return a code as it is printed: groups of six with hyphens."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _check(values: list[int]) -> str:
    total = sum((place + 1) * value for place, value in enumerate(values))
    # The weight of the check character is 18: it makes the whole sum 0, and weights differ modulo 29.
    inverse = pow(LENGTH, -1, len(ALPHABET))
    return ALPHABET[(-total * inverse) % len(ALPHABET)]
