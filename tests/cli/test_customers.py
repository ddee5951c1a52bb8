"""``panelbridge customers`` as somebody at a shell uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell

ANNA = ("--set", "email=anna@example.com", "--set", "phone=+44 7700 900123", "--set", "country=GB")


@pytest.mark.does("S0-01", "S0-02", "S0-08", "S0-43", "S1-34", "S2-40", "S3-02", "S3-04")
def test_a_customer_is_added_found_changed_and_noted(shell: Shell) -> None:
    number = str(shell.done("customers", "add", "Anna Müller", *ANNA, "--json").json["id"])

    listed = shell.done("customers", "list", "07700 900123").out
    shell.done("customers", "edit", number, "--set", "email=anna@new.example", "--set", "phone=")
    shell.done("customers", "note", number, "asks for invoices by post", "--pin")
    shell.done("customers", "tag", number, "--add", "VIP", "--add", "Post")
    shell.done("customers", "contact", number, "telegram", "@anna")
    shell.done(
        "customers", "consent", number, "marketing", "--given", "--source", "checkout", "--wording", "2026-1"
    )
    shown = shell.done("customers", "show", number).out

    assert "Anna Müller" in listed
    for text in ("anna@new.example", "GB", "Post, VIP", "@anna", "consent: marketing", "given"):
        assert text in shown
    assert "900123" not in shown
    assert "invoices by post" in shell.done("customers", "notes", number).out
    timeline = shell.done("customers", "timeline", number).out
    assert "customer edited" in timeline
    assert "fields=email, phone" in timeline
    assert "new.example" not in timeline
    assert shell.done("customers", "list", "nobody").out.strip() == "No customer matches."


@pytest.mark.does("S0-12", "S0-18", "S2-05")
def test_a_subscription_is_linked_by_the_shops_number(selling: Shell) -> None:
    selling.order()
    number = str(selling.done("customers", "add", "Anna", "--json").json["id"])

    told = selling.done("customers", "link", number, "shop:501").out
    again = selling.done("customers", "link", number, "shop:501").out

    assert "subscription" in told
    assert "nothing: it was so already" in again
    login = selling.done("subscriptions", "show", "shop:501", "--json").json["username"]
    assert [item["id"] for item in selling.done("customers", "list", login, "--json").json] == [int(number)]
    assert login in selling.done("customers", "show", number).out
    selling.done("customers", "unlink", number, "shop:501")
    assert selling.done("customers", "show", number, "--json").json["subscription_count"] == 0


def test_a_merge_says_what_it_does_and_asks(shell: Shell) -> None:
    for name in ("Anna Müller", "Anna Mueller"):
        shell.done("customers", "add", name, *ANNA)

    unasked = shell("customers", "merge", "1", "2")
    shell.done("customers", "merge", "1", "2", typed="y\n")

    assert unasked.code == 2
    assert "cannot be undone" in unasked.err
    assert [item["id"] for item in shell.done("customers", "list", "--json").json] == [1]
    late = shell("customers", "edit", "2", "--set", "city=Ulm")
    assert (late.code, "merged into customer 1" in late.err) == (1, True)


def test_what_is_wrong_is_named_and_not_shown(shell: Shell) -> None:
    for fields, word in (
        (("--set", "email=canary"), "email: is not a valid e-mail address"),
        (("--set", "canary=1"), "canary: unknown field"),
        (("--client", "7"), "installation"),
    ):
        refused = shell("customers", "add", "Anna", *fields)
        assert (refused.code, word in refused.err) == (1, True), refused.err
    assert "canary" not in shell("customers", "add", "Anna", "--set", "email=canary").err


@pytest.mark.does("S1-93", "S3-30")
def test_a_file_that_is_not_utf8_is_shown_and_asked_for(shell: Shell, tmp_path: Path) -> None:
    file, out = tmp_path / "people.csv", tmp_path / "out.csv"
    file.write_bytes("Name;Email\nJürgen Größe;juergen@example.com\n".encode("cp1252"))

    unasked = shell("customers", "import", str(file), "--yes")
    assert (unasked.code, "Jürgen Größe" in unasked.out, "--encoding" in unasked.err) == (2, True, True)
    wrong = shell("customers", "import", str(file), "--encoding", "utf-16", "--yes")
    assert wrong.code == 1
    tried = shell.done("customers", "import", str(file), "--encoding", "cp1252", "--dry-run").out
    assert "would be added" in tried
    assert shell.done("customers", "list", "--json").json == []
    shell.done("customers", "import", str(file), typed="cp1252\ny\n")
    again = shell.done("customers", "import", str(file), "--encoding", "cp1252", "--yes", "--json").json
    assert (again["added"], again["already"]) == (0, 1)
    shell.done("customers", "export", str(out))
    assert "Jürgen Größe,juergen@example.com,,," in out.read_text()
    assert out.stat().st_mode & 0o077 == 0
