"""A constitution duplicated: the newest version of one as the first of another, with its principles' identities."""

from dataclasses import replace

import db.constitutions as store
from app.services.audit import record
from app.services.constitution_names import name_for
from app.services.quotas import require_below_quota
from app.services.request_keys import require_key
from app.services.stored import require_constitution, write_version
from app.services.studio import RefusedError, Studio, in_words
from core.constitution.principles import to_data
from db.constitutions import NewVersion


def duplicate(studio: Studio, constitution_id: int, editor: str, request_key: str = "") -> int:
    """Make a copy and return its id. The same request_key again is the same copy.

    Raises:
        RefusedError: There is no version of it yet, or one may make no more today.
        ConstitutionError: Its newest version cannot be read.
    """
    key = require_key(request_key)
    with in_words(), studio.sessions.begin() as session:
        original, head = store.get_constitution(session, constitution_id), store.get_head(session, constitution_id)
        if head is None:
            raise RefusedError(f"“{original.name}” has no version yet, so there is nothing to duplicate. Save a version first.")
        name = name_for(session, original.name, key)
        meant = replace(require_constitution(head), name=name)
        copy = store.add_constitution(session, name, request_key=key).id
        if store.get_head(session, copy) is not None:  # the same request once more
            return copy
        record(session, "constitution.made", f"constitution {copy}", once=True, name=name, of=constitution_id)
        require_below_quota(session, "constitution.made")
        message = f"Duplicated from version {head.number} of “{original.name}”."
        new = NewVersion(constitution_id=copy, base_version_id=None, content=to_data(meant), message=message, author=editor)
        record(session, "version.saved", f"constitution {copy}", version=write_version(session, new, meant).number)
        return copy
