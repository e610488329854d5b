"""Users: what others see of them, and what they see of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry

from api.answers import dumped
from api.graph.access import allowed
from api.graph.connections import FIRST, Behind, Connection, First, connection, page
from api.graph.context import Info
from api.graph.shown import Shown, shows
from api.graph.types.photos import Photo
from api.graph.types.properties import Property
from api.graph.types.reviews import Rated, Review
from api.schemas.users import AccountSchema, PublicProfileSchema
from projections.newest import Wanted


@shows(AccountSchema)
class User(Shown):
    """Somebody with an account. Address, name and telephone are null for all but themselves."""

    id: strawberry.ID
    username: str
    email: str | None
    email_verified: bool | None
    name: str | None
    phone: str | None
    bio: str
    languages: list[str]
    photo: Photo | None
    is_host: bool

    @classmethod
    def seen(cls, shown: Mapping[str, Any], *, by_themselves: bool) -> User:
        """What `account` shows, to others less."""
        return cls.read(dumped(AccountSchema if by_themselves else PublicProfileSchema, shown))

    @allowed("anyone")
    async def properties(self, info: Info, first: First = FIRST, after: Behind = None) -> Connection[Property]:
        """What they offer, newest first: what is published, and to themselves the rest too."""
        viewer = info.context.viewer("properties:read")
        asked = page(first, after, "properties of host", UUID(self.id), viewer)
        wanted = Wanted(UUID(self.id), asked.after, asked.limit)
        return connection(asked, await info.context.loaders.of_hosts.load(wanted), Property.of_listing)

    @allowed("anyone")
    async def reviews(self, info: Info, first: First = FIRST, after: Behind = None) -> Connection[Review]:
        """What others say of them, as host or guest, newest first."""
        asked = page(first, after, "reviews of user", UUID(self.id))
        wanted = Wanted(UUID(self.id), asked.after, asked.limit)
        return connection(asked, await info.context.loaders.about_users.load(wanted), Review.of_entry)

    @allowed("anyone")
    async def rating(self, info: Info) -> Rated:
        """What hosts give them as a guest."""
        return Rated.of_sums(await info.context.loaders.ratings.load(("guest", UUID(self.id))))


async def user_with(info: Info, user_id: UUID) -> User | None:
    """Somebody at the end of an edge; None of whom there is no more."""
    shown = await info.context.loaders.accounts.load(user_id)
    return User.seen(shown, by_themselves=info.context.is_person(user_id)) if shown else None
