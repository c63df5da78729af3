"""Writes what the documents take from the code: tables, examples, links between pages: `make docs`.

A document has a place for each, between `<!-- NAME, by make docs -->` and `<!-- end -->`. All documents are made before
the first one is written.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Dict, List, Mapping, Tuple

from devtools.docs.examples import seen_examples
from devtools.docs.languages import LANGUAGES, Language
from devtools.docs.monitors import monitors_table
from devtools.market.build import ROOT
from guance_aws_cloudfront.cloudfront.catalog import DERIVED, Derived, Metric, all_metrics, field_name

# The pages that a user looks things up in, in the order of their links; each is in docs/en and docs/zh.
GUIDE = (
    *("install", "configuration", "metrics", "objects", "accounts", "access-logs", "dashboard-and-monitors"),
    *("operation", "troubleshooting", "security", "changing-over"),
)
# The page in the form of Guance's integrations, which stands alone.
INTEGRATION = "aws_cloudfront"
# What each page has a place for, but for the links of the guide's pages, which all of them have.
PLACES: Dict[str, Tuple[str, ...]] = {
    "metrics": ("metrics",),
    "objects": ("object",),
    "dashboard-and-monitors": ("monitors",),
    "operation": ("log", "check"),
    INTEGRATION: ("metrics", "monitors", "object"),
}
READMES = {"en": "README.md", "zh": "README.zh.md"}
NAMES = {"en": "English", "zh": "中文"}


class DocsError(Exception):
    """Something is missing without which the documents cannot be made."""


def documents(root: Path, examples: Mapping[str, str]) -> Dict[str, str]:
    """The text of every document that has generated parts, by its path below `root`.

    `examples` are as `examples.seen_examples` gives them. DocsError when a translation or a place is missing.
    """
    problems = [problem for code, language in LANGUAGES.items() for problem in untranslated(code, language)]
    if problems:
        raise DocsError(" ".join(problems))
    made: Dict[str, str] = {}
    for code in LANGUAGES:
        titles = {page: _title(root / f"docs/{code}/{page}.md") for page in GUIDE}
        parts = {
            "metrics": metric_tables(LANGUAGES[code]),
            "monitors": monitors_table(code),
            **examples,
        }
        for page in (*GUIDE, INTEGRATION):
            path = f"docs/{code}/{page}.md"
            text = (root / path).read_text(encoding="utf-8")
            for place in PLACES.get(page, ()):
                text = filled(text, place, parts[place], path)
            if page in GUIDE:
                text = filled(text, "pages", links(code, page, titles), path)
            made[path] = text
    return made


def untranslated(code: str, language: Language) -> List[str]:
    """A sentence for each word that the tables of a language need and do not have, or have for nothing."""
    catalog = all_metrics()
    needed = {
        "meaning of the metric": (set(catalog), set(language.meanings)),
        "meaning of the derived field": ({one.name for one in DERIVED}, set(language.derived_meanings)),
        "unit": ({metric.unit for metric in catalog.values()}, set(language.units)),
        "group": ({metric.group for metric in catalog.values()}, set(language.groups)),
    }
    problems = []
    for what, (wanted, known) in needed.items():
        problems += [
            f"devtools/docs/languages.py has no '{code}' {what} {name}: add it." for name in sorted(wanted - known)
        ]
        problems += [
            f"devtools/docs/languages.py has a '{code}' {what} {name}, which the catalog does not have: remove it."
            for name in sorted(known - wanted)
        ]
    return problems


def metric_tables(language: Language) -> str:
    """The metric tables, one for each group of the catalog, and that of the derived fields."""
    parts: List[str] = []
    for group, introduction in language.groups.items():
        rows = [row(metric, language) for metric in all_metrics().values() if metric.group == group]
        parts += [introduction, "", language.head, "|---|---|---|", *rows, ""]
    rows = [derived_row(one, language) for one in DERIVED]
    parts += [language.derived, "", language.derived_head, "|---|---|---|---|", *rows, ""]
    return "\n".join(parts)


def row(metric: Metric, language: Language) -> str:
    """A metric's row; its default statistics are fields of their own."""
    fields = ", ".join(f"`{field_name(metric.name, statistic)}`" for statistic in metric.statistics)
    return f"| {fields} | {language.meanings[metric.name]} | {language.units[metric.unit]} |"


def derived_row(one: Derived, language: Language) -> str:
    """The row of a derived field, with what it is computed from."""
    computed = "`Requests_Sum`" if one.whole else f"`Requests_Sum * {one.rate} / 100`"
    return f"| `{one.name}` | {computed} | {language.derived_meanings[one.name]} | {language.units['count']} |"


def links(code: str, page: str, titles: Mapping[str, str]) -> str:
    """The line that leads from a page of the guide to README, to all other pages, and to its other language."""
    there = [f"[README](../../{READMES[code]})"]
    there += [f"**{title}**" if other == page else f"[{title}]({other}.md)" for other, title in titles.items()]
    there += [f"[{name}](../{other}/{page}.md)" for other, name in NAMES.items() if other != code]
    return " ·\n".join(there) + "\n"


def filled(text: str, place: str, made: str, path: str) -> str:
    """A document's text with one place made anew; DocsError when there is not exactly one of that name."""
    between = re.compile(rf"(<!-- {place}, by make docs -->\n).*?(<!-- end -->)", re.DOTALL)
    done, times = between.subn(lambda found: f"{found.group(1)}{made}{found.group(2)}", text)
    if times != 1:
        raise DocsError(f"{path} has {times} places <!-- {place}, by make docs --> … <!-- end -->, not one.")
    return done


def _title(page: Path) -> str:
    found = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise DocsError(f"{page.name} has no heading '# …' to be linked by.")
    return found.group(1)


def main() -> int:
    """Make all documents, then write them; the exit status."""
    try:
        made = documents(ROOT, seen_examples())
    except DocsError as error:
        print(f"Nothing was written. {error}", file=sys.stderr)
        return 1
    for path, text in made.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
