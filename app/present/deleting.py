"""What goes when something that is kept is deleted, in the words that the page and the terminal ask with."""

from collections.abc import Mapping

from app.present.text import count, own_direction

CONFLICT_GOES = "Its figures and its replies are gone for good then. The version and the queries stay."


def check_goes(marks: Mapping[str, int]) -> str:
    """What goes with a check; `marks`: how many, by who made them."""
    stays = "Runs, the version and the queries stay."
    if not marks:
        return f"Its verdict and its replies are gone for good then; nobody has marked them. {stays}"
    return f"Its verdict and its replies are gone for good then, and so {_of_people(marks, 'mark', 'of them')}. {stays}"


def lab_goes(picks: Mapping[str, int]) -> str:
    """What goes with a battery of the laboratory; `picks`: how many, by who made them."""
    stays = "The run, the version and the queries stay."
    if not picks:
        return f"What it found and its replies are gone for good then; nobody has read its cards. {stays}"
    return f"What it found and its replies are gone for good then, and so {_of_people(picks, 'pick', 'of its cards')}. {stays}"


def _of_people(made: Mapping[str, int], thing: str, of: str) -> str:
    people = ", ".join(f"{number:,} by {own_direction(who)}" for who, number in sorted(made.items(), key=lambda each: (-each[1], each[0])))
    return f"{'is' if sum(made.values()) == 1 else 'are'} the {count(sum(made.values()), thing)} {of} ({people})"
