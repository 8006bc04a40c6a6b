"""A province of real size for load: 1,000 bodies and 20,000 accounts, the same for the same seed.

Nobody and nothing in it exists. Its shape follows published figures: a few dozen provincial bodies, some
hundred communes of four bodies each (party committee, people's council, people's committee, Front), the rest
schools and stations of public service below departments and communes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.kernel.actor import Role
from server.organisations.data import AuthorityData, BodyData, PersonData, PostData, TreeData, UnitData
from server.organisations.model import Bloc, Mode

FIRST_DAY = date(2025, 7, 1)
PER_COMMUNE = (
    ("Đảng ủy", Bloc.PARTY, "party", "ĐU"),
    ("Ủy ban nhân dân", Bloc.ADMINISTRATION, "state", "UBND"),
    ("Hội đồng nhân dân", Bloc.COUNCIL, "state", "HĐND"),
    ("Ủy ban Mặt trận Tổ quốc", Bloc.FRONT, "state", "MTTQ"),
)
SMALLEST = 5
"""Accounts that every body has: leader, chief of office, head of unit, specialist, clerk."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a generated body is."""

    code: str
    name: str
    bloc: Bloc
    profile: str
    level: str
    abbreviation: str
    parent: str = ""


def generate(*, bodies: int = 1000, accounts: int = 20_000, seed: int = 1) -> TreeData:
    """Return a tree of exactly so many bodies and accounts.

    Raises ValueError when there are fewer than five accounts for each body, or fewer than ten bodies.
    """
    if bodies < 10 or accounts < bodies * SMALLEST:
        raise ValueError("a province needs ten bodies and five accounts in each")
    kinds = _kinds(bodies)
    sizes = _sizes(len(kinds), accounts, seed)
    return TreeData(
        bodies=tuple(
            _body(kind, size, index) for index, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
        )
    )


def _kinds(count: int) -> list[_Kind]:
    province = [
        _Kind("Z51", "Tỉnh ủy", Bloc.PARTY, "party", "province", "TU"),
        _Kind("Z52", "Ủy ban nhân dân tỉnh", Bloc.ADMINISTRATION, "state", "province", "UBND"),
        _Kind("Z53", "Hội đồng nhân dân tỉnh", Bloc.COUNCIL, "state", "province", "HĐND"),
        _Kind("Z54", "Ủy ban Mặt trận Tổ quốc tỉnh", Bloc.FRONT, "state", "province", "MTTQ"),
    ]
    parents = {Bloc.PARTY: "z51", Bloc.ADMINISTRATION: "z52", Bloc.COUNCIL: "z53", Bloc.FRONT: "z54"}
    kinds = province[:count]
    departments = max(count // 50, 1)
    for number in range(1, departments + 1):
        name = f"Sở số {number}"
        kind = _Kind(
            f"Z52.{number:02}",
            name,
            Bloc.ADMINISTRATION,
            "state",
            "province",
            f"S{number}",
            parents[Bloc.ADMINISTRATION],
        )
        kinds.append(kind)
    for number in range(1, max(count // 100, 1) + 1):
        kinds.append(
            _Kind(
                f"Z58.{number:02}",
                f"Cơ quan trung ương số {number}",
                Bloc.CENTRAL,
                "state",
                "central",
                f"TW{number}",
            )
        )
    communes = max((count - len(kinds)) // 6, 1)
    for number in range(1, communes + 1):
        for level1, (name, bloc, profile, letters) in zip(
            ("Z61", "Z62", "Z63", "Z64"), PER_COMMUNE, strict=True
        ):
            code = f"{level1}.{number:03}"
            kinds.append(_Kind(code, f"{name} xã {number}", bloc, profile, "commune", letters, parents[bloc]))
    number = 0
    while len(kinds) < count:
        number += 1
        parent = f"z62-{(number % communes) + 1:03}" if number % 3 else f"z52-{(number % departments) + 1:02}"
        kinds.append(
            _Kind(
                f"Z70.{number:04}",
                f"Đơn vị sự nghiệp số {number}",
                Bloc.PUBLIC_UNIT,
                "state",
                "commune",
                f"ĐV{number}",
                parent,
            )
        )
    return kinds[:count]


def _sizes(bodies: int, accounts: int, seed: int) -> list[int]:
    """Share the accounts out: every body has five, the rest falls unevenly but always the same way."""
    sizes = [SMALLEST] * bodies
    state = seed & 0xFFFFFFFF or 1
    for _ in range(accounts - bodies * SMALLEST):
        # Numerical Recipes' linear congruential generator: no more chance is needed here.
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        sizes[(state >> 8) % bodies] += 1
    return sizes


def _body(kind: _Kind, size: int, index: int) -> BodyData:
    slug = f"b{index:04}"
    direct = (AuthorityData(mode=Mode.DIRECT, own_title="THỦ TRƯỞNG"),)
    posts = [
        _post("thu-truong", "Thủ trưởng", Role.LEADER, "", slug, kind.name, direct),
        _post("chanh-van-phong", "Chánh Văn phòng", Role.CHIEF_OF_OFFICE, "van-phong", slug, kind.name),
        _post("truong-phong", "Trưởng phòng Nghiệp vụ", Role.HEAD_OF_UNIT, "nghiep-vu", slug, kind.name),
        _post("van-thu", "Văn thư", Role.RECORDS_CLERK, "van-phong", slug, kind.name),
    ]
    posts += [
        _post(f"chuyen-vien-{number}", "Chuyên viên", Role.SPECIALIST, "nghiep-vu", slug, kind.name)
        for number in range(1, size - len(posts) + 1)
    ]
    return BodyData(
        code=kind.code,
        name=kind.name,
        name_en=f"Body {index}",
        abbreviation=kind.abbreviation,
        bloc=kind.bloc,
        level=kind.level,
        profile=kind.profile,
        parent=kind.parent,
        place="Sông Mẫu",
        valid_from=FIRST_DAY,
        units=(
            UnitData(key="van-phong", name="Văn phòng", abbreviation="VP"),
            UnitData(key="nghiep-vu", name="Phòng Nghiệp vụ", abbreviation="NV"),
        ),
        posts=tuple(posts),
    )


def _post(
    key: str,
    title: str,
    role: Role,
    unit: str,
    slug: str,
    body_name: str,
    authorities: tuple[AuthorityData, ...] = (),
) -> PostData:
    username = f"{key.replace('-', '')}.{slug}"
    people = (PersonData(username=username, full_name=f"{title} {body_name}"),)
    return PostData(key=key, title=title, role=role, unit=unit, authorities=authorities, people=people)
