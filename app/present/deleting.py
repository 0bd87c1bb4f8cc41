"""What goes when something that is kept is deleted, in the words that the page and the terminal ask with."""

from collections.abc import Mapping

from app.present.text import count, own_direction

CONFLICT_GOES = "Its figures and its replies are gone for good then. The version and the queries stay."


def check_goes(marks: Mapping[str, int]) -> str:
    """What goes with a check; `marks`: how many, by who made them."""
    stays = "Runs, the version and the queries stay."
    if not marks:
        return f"Its verdict and its replies are gone for good then; nobody has marked them. {stays}"
    people = ", ".join(f"{number:,} by {own_direction(who)}" for who, number in sorted(marks.items(), key=lambda each: (-each[1], each[0])))
    total = count(sum(marks.values()), "mark")
    return f"Its verdict and its replies are gone for good then, and so {'is' if sum(marks.values()) == 1 else 'are'} the {total} of them ({people}). {stays}"
