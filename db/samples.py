"""Replies that are stored for a constitution, whichever of its versions they were written under."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import Comparison, Job, Reply, Run, RunSample, Version


def newest_replies(session: Session, constitution_id: int, limit: int) -> list[str]:
    """Replies of the newest run that has any; without one, those of the newest comparison."""
    runs = select(Run.id).join(Version, Version.id == Run.version_id).join(Job, Job.id == Run.id).where(Version.constitution_id == constitution_id)
    newest_run = session.scalar(runs.where(select(RunSample.run_id).where(RunSample.run_id == Run.id).exists()).order_by(Run.id.desc()).limit(1))
    if newest_run is not None:
        samples = select(RunSample.text).where(RunSample.run_id == newest_run, RunSample.text != "")
        return list(session.scalars(samples.order_by(RunSample.step.desc(), RunSample.side.desc(), RunSample.position).limit(limit)))
    comparisons = select(Comparison.id).join(Version, Version.id == Comparison.version_id).where(Version.constitution_id == constitution_id)
    answered = comparisons.where(select(Reply.arm).where(Reply.comparison_id == Comparison.id, Reply.text != "").exists())
    newest = session.scalar(answered.order_by(Comparison.created_at.desc(), Comparison.id).limit(1))
    return list(session.scalars(select(Reply.text).where(Reply.comparison_id == newest, Reply.text != "").order_by(Reply.arm).limit(limit)))
