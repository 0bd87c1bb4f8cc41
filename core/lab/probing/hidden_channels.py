"""Hidden channels (Cloud et al. 2025): whether numbers that say nothing of a principle carry it from a teacher to a student of the same base."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.errors import ConfigError, ContrastError
from core.lab.bench import Bench
from core.lab.hidden.course import Course, Student, base_margins, lesson, open_course, student, teacher_margins, teachers
from core.lab.hidden.matrix import Condition, Kind, Matrix, changed, lead
from core.lab.hidden.rows import Teacher, Written
from core.lab.hidden.settings import HiddenSettings
from core.lab.hidden.told import Channel, Taught, few_says, lead_table, matrix_table, says, sentences, taught_table, upshot_of_channel
from core.lab.values import ProbeResult
from core.measure.statistics import mean

SETTINGS = HiddenSettings()


def run(bench: Bench) -> ProbeResult:
    """See `core.lab.probes`."""
    channel = measure(bench, SETTINGS)
    return ProbeResult(
        upshot=upshot_of_channel(channel),
        said=says(channel),
        tables=(lead_table(channel), matrix_table(channel.matrix), taught_table(channel.taught)),
        sentences=tuple(sentences(channel)),
    )


def measure(bench: Bench, settings: HiddenSettings) -> Channel:
    """Tune every student and read its margins.

    Raises:
        ConfigError: There is one principle alone, and nothing to hold it against.
        ContrastError: No two principles have students to hold against each other: too few replies were numbers alone.
    """
    course = open_course(bench, settings)
    if len(course.principles) < 2:
        raise ConfigError("There is only one principle, and none to hold it against. Name a constitution with another one by --decoys.")
    conditions = teachers(course)
    before, changes, taught, done = base_margins(course), {}, {}, 0
    for condition, teacher in conditions.items():
        lessons, students = list[Written](), list[Student | None]()
        for seed in course.seeds:
            bench.tick(done, len(conditions) * settings.seeds, f"{condition.title}, student {len(students) + 1} of {settings.seeds}")
            lessons.append(lesson(course, condition, teacher, seed))
            enough = len(lessons[-1].rows) >= settings.least
            students.append(student(course, condition, lessons[-1].rows, seed) if enough else None)
            done += 1
        taught[condition] = _taught(lessons, students)
        changes[condition] = tuple(changed(each.margins, before) if each is not None else None for each in students)
    matrix = Matrix(principles=tuple(principle.title for principle in course.principles), changes=changes)
    _require_teachers(taught, matrix)
    text = {condition: mean(_text_nats(course, conditions[condition], condition.principle, before)) for condition in changes if condition.principle is not None}
    return Channel(matrix=matrix, taught=taught, text_nats=text)


def _text_nats(course: Course, teacher: Teacher, place: int, before: Sequence[Sequence[float | None]]) -> list[float]:
    """Query by query, what the text in the prompt adds to the base's margin."""
    pairs = zip(teacher_margins(course, teacher, place), before[place], strict=True)
    return [with_text - without for with_text, without in pairs if with_text is not None and without is not None]


def _taught(lessons: Sequence[Written], students: Sequence[Student | None]) -> Taught:
    refused = sum((Counter(each.refused) for each in lessons), Counter[str]())
    tuned = [each for each in students if each is not None]
    return Taught(
        kept=sum(each.kept for each in lessons),
        asked=sum(each.asked for each in lessons),
        refused=dict(refused),
        before_nats=tuple(each.before_nats for each in tuned),
        after_nats=tuple(each.after_nats for each in tuned),
    )


def _require_teachers(taught: Mapping[Condition, Taught], matrix: Matrix) -> None:
    """Raise where with no seed there are students of two teachers to hold against each other."""
    if lead(matrix, matrix.of(Kind.NUMBERS)).values:
        return
    few = "; ".join(f"{condition.title}: {few_says(taught[condition])}" for condition in matrix.of(Kind.NUMBERS) if None in matrix.changes[condition])
    raise ContrastError(f"No two principles have students to hold against each other. {few}")
