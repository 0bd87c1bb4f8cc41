import stat
from pathlib import Path

import pytest

from app.settings import Settings, prepare_data_folder
from core.errors import ConfigError


def test_without_any_variable_only_this_machine_is_served() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.password, settings.device) == ("127.0.0.1", 7860, None, "auto")
    assert settings.data == Path("studio-data").absolute()
    assert settings.database_url == f"sqlite:///{settings.data}/studio.db"
    assert settings.url == "http://127.0.0.1:7860"


def test_variables_are_read_and_the_command_line_wins(tmp_path: Path) -> None:
    environ = {"STUDIO_DATA": "/elsewhere", "STUDIO_PORT": "8000", "STUDIO_ALLOWED_HOSTS": "Studio.example, 10.0.0.7,,", "STUDIO_PASSWORD": ""}
    settings = Settings.from_environment(environ, data=tmp_path, port=9000, host=None)
    assert (settings.data, settings.port, settings.host) == (tmp_path, 9000, "127.0.0.1")
    assert settings.allowed_hosts == ("studio.example", "10.0.0.7")
    assert settings.password is None


def test_a_child_reads_the_same_settings_from_its_environment(tmp_path: Path) -> None:
    environ = {
        "STUDIO_HOST": "0.0.0.0",
        "STUDIO_PASSWORD": "correct horse",
        "STUDIO_ALLOWED_HOSTS": "a.example,b.example",
        "STUDIO_DEVICE": "cuda:1",
        "STUDIO_PROCESSES": "3",
        "FORWARDED_ALLOW_IPS": "10.0.0.1, fd00::/8",
    }
    settings = Settings.from_environment(environ, data=tmp_path)
    assert Settings.from_environment(settings.to_environment()) == settings
    proxied = Settings.from_environment({"STUDIO_USER_HEADER": "Remote-User", "FORWARDED_ALLOW_IPS": "10.0.0.1"}, data=tmp_path)
    assert Settings.from_environment(proxied.to_environment()) == proxied and proxied.user_header == "Remote-User"
    loopback = Settings.from_environment({}, data=tmp_path)
    assert Settings.from_environment(loopback.to_environment()) == loopback


def test_a_password_never_appears_in_the_representation() -> None:
    settings = Settings.from_environment({"STUDIO_PASSWORD": "correct horse", "DATABASE_URL": "postgresql+psycopg://u:hunter22@db/studio"})
    assert "correct horse" not in repr(settings)
    assert "hunter22" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"STUDIO_PORT": "http"}, ["STUDIO_PORT", "'http'", "1 to 65535"]),
        ({"STUDIO_PORT": "70000"}, ["STUDIO_PORT", "70000", "1 to 65535"]),
        ({"STUDIO_PORT": "-1"}, ["STUDIO_PORT", "'-1'"]),
        ({"STUDIO_HOST": "http://x"}, ["STUDIO_HOST", "'http://x'", "127.0.0.1"]),
        ({"FORWARDED_ALLOW_IPS": "proxy.example"}, ["FORWARDED_ALLOW_IPS", "'proxy.example'", "127.0.0.1"]),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1,"}, ["FORWARDED_ALLOW_IPS", "''", "10.0.0.0/8"]),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.1/8"}, ["FORWARDED_ALLOW_IPS", "'10.0.0.1/8'", "networks"]),
        ({"STUDIO_USER_HEADER": "Remote-User"}, ["STUDIO_USER_HEADER", "Remote-User", "FORWARDED_ALLOW_IPS"]),
        ({"STUDIO_USER_HEADER": "Remote-User", "FORWARDED_ALLOW_IPS": "*"}, ["STUDIO_USER_HEADER", "'*'", "address of the proxy"]),
        ({"STUDIO_USER_HEADER": "Cookie", "FORWARDED_ALLOW_IPS": "10.0.0.1"}, ["STUDIO_USER_HEADER", "'Cookie'", "Remote-User"]),
        ({"STUDIO_USER_HEADER": "X-Forwarded-For", "FORWARDED_ALLOW_IPS": "10.0.0.1"}, ["STUDIO_USER_HEADER", "'X-Forwarded-For'"]),
        ({"STUDIO_USER_HEADER": "a header", "FORWARDED_ALLOW_IPS": "10.0.0.1"}, ["STUDIO_USER_HEADER", "'a header'"]),
        (
            {"STUDIO_USER_HEADER": "Remote-User", "FORWARDED_ALLOW_IPS": "10.0.0.1", "STUDIO_PASSWORD": "correct horse"},
            ["STUDIO_USER_HEADER", "STUDIO_PASSWORD", "Unset one"],
        ),
        ({"STUDIO_PASSWORD": "short"}, ["STUDIO_PASSWORD", "5", "8"]),
        ({"STUDIO_PASSWORD": "with a\nbreak"}, ["STUDIO_PASSWORD", "line break"]),
        ({"STUDIO_ALLOWED_HOSTS": "*"}, ["STUDIO_ALLOWED_HOSTS", "'*'"]),
        ({"STUDIO_ALLOWED_HOSTS": "https://a.example"}, ["STUDIO_ALLOWED_HOSTS", "'https://a.example'"]),
        ({"DATABASE_URL": "mysql://x"}, ["DATABASE_URL", "'mysql'", "sqlite:///"]),
        ({"STUDIO_DEVICE": "tpu"}, ["STUDIO_DEVICE", "'tpu'", "auto"]),
        ({"STUDIO_PROCESSES": "0"}, ["STUDIO_PROCESSES", "0", "from 1 on"]),
        ({"STUDIO_PROCESSES": "9" * 20}, ["STUDIO_PROCESSES", "999", "at most 64"]),  # each would be a process
        ({"STUDIO_PROCESSES": "65"}, ["STUDIO_PROCESSES", "65", "at most 64"]),
        ({"STUDIO_PROCESSES": "9" * 5000}, ["STUDIO_PROCESSES", "999", "at most 64"]),
        ({"STUDIO_PORT": "9" * 5000}, ["STUDIO_PORT", "1 to 65535"]),
        ({"STUDIO_DEVICE": "cuda:99999999999"}, ["STUDIO_DEVICE", "cuda:0"]),
        ({"STUDIO_DATA": "~nobody-of-this-name/data"}, ["STUDIO_DATA", "'~nobody-of-this-name/data'", "whole path"]),
        ({"STUDIO_HOST": "x" * 64}, ["STUDIO_HOST", "xxx", "127.0.0.1"]),
        ({"STUDIO_HOST": "a..b"}, ["STUDIO_HOST", "'a..b'", "127.0.0.1"]),
        ({"STUDIO_HOST": "*"}, ["STUDIO_HOST", "'*'", "127.0.0.1"]),
        ({"STUDIO_USER_HEADER": "Remote-User", "FORWARDED_ALLOW_IPS": "0.0.0.0/0"}, ["STUDIO_USER_HEADER", "'0.0.0.0/0'", "address of the proxy"]),
        ({"STUDIO_PROCESSES": "two"}, ["STUDIO_PROCESSES", "'two'", "from 1 on"]),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_a_remedy(environ: dict[str, str], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refusal:
        Settings.from_environment(environ)
    for word in words:
        assert word in str(refusal.value)
    assert "short" not in str(refusal.value)


def test_the_short_form_of_a_postgresql_address_that_hosts_hand_out_is_taken() -> None:
    assert Settings.from_environment({"DATABASE_URL": "postgres://u:secret12@db/studio"}).database_url.startswith("postgres://")


@pytest.mark.parametrize("name", ["data", "host", "port"])
def test_nothing_on_the_command_line_is_said_and_not_taken_for_the_working_folder(name: str) -> None:
    with pytest.raises(ConfigError, match=f"--{name} is empty"):
        Settings.from_environment({"STUDIO_DATA": "/elsewhere"}, **{name: ""})
    assert Settings.from_environment({"STUDIO_ROOT_PATH": "/studio"}, root_path="").root_path == ""  # at the root, whatever the environment says


def test_an_unknown_override_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="colour"):
        Settings.from_environment({}, colour="red")


def test_the_data_folder_is_made_on_request_and_for_this_user_only(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, data=tmp_path / "new" / "data")
    assert not settings.data.exists()
    prepare_data_folder(settings)
    prepare_data_folder(settings)
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700
    assert all(folder.is_dir() for folder in (settings.models_folder, settings.runs_folder, settings.logs_folder, settings.uploads_folder))


def test_a_data_folder_that_is_a_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(ConfigError, match="STUDIO_DATA"):
        prepare_data_folder(Settings.from_environment({}, data=tmp_path / "data"))


def test_a_data_folder_where_nothing_can_be_made_is_refused() -> None:
    with pytest.raises(ConfigError, match="STUDIO_DATA"):  # /proc refuses even the super-user
        prepare_data_folder(Settings.from_environment({}, data="/proc/studio"))


@pytest.mark.parametrize("part", ["models", "runs", "logs", "uploads"])
def test_each_part_of_the_data_folder_has_to_take_files(tmp_path: Path, part: str) -> None:
    """A link to a folder that refuses even the super-user stands for a disk that is mounted for reading."""
    (tmp_path / part).symlink_to("/proc/self/task")
    with pytest.raises(ConfigError, match=rf"cannot be used: .*{part}/\.can-write.*STUDIO_DATA"):
        prepare_data_folder(Settings.from_environment({}, data=tmp_path))


def test_the_address_for_a_person_is_one_a_browser_can_open() -> None:
    environ = {"STUDIO_PASSWORD": "correct horse"}
    assert Settings.from_environment(environ, host="0.0.0.0").url == "http://127.0.0.1:7860"
    assert Settings.from_environment(environ, host="::").url == "http://[::1]:7860"
    assert Settings.from_environment(environ, host="studio.example", port=80).url == "http://studio.example:80"
