"""Long work: a job is a unit of its own that outlives the command which started it.

A job is done when its `done` command says so, or, without one, when it ended well once in the form that is wanted. Each
apply tells how far it is. One that failed is told once, by a failing apply, and started again by the next; when the
role changed meanwhile it is started again at once, for the change may well be the remedy.
"""

from __future__ import annotations

from _collections_abc import Collection, Mapping

from converge.checkers import canonical
from converge.documents import JobSpec
from converge.durable import content, now, remove
from converge.errors import Failed, program_name, tail
from converge.light import sha256
from converge.machine import Machine
from converge.typed import NamedTuple, TypedDict, cast

RUNS = "runs"


class JobNote(TypedDict):
    """What is remembered of a job that was started."""

    role: str
    name: str
    work: str
    """hash of its argv"""
    since: str
    told: bool
    """Its failure was told."""


class JobState(NamedTuple):
    """How a job is: new, running, done or failed; `words` are its last ones or how far it is."""

    state: str
    words: str


def look_at_jobs(
    machine: Machine, role: str, jobs: Mapping[str, JobSpec], changed: bool
) -> tuple[list[str], list[str]]:
    """How far each job is that goes on, `NAME 35 %`, and the names of those to start.

    `changed`: the role changed something in this run. Raises Failed with the last words of a job that failed.
    """
    pending, new = [], []
    for name, spec in sorted(jobs.items()):
        found = job_state(machine, role, name, spec)
        note = _note(machine, role, name)
        if found.state == "failed" and note and not note["told"] and not changed:
            machine.save(_file(role, name), {**note, "told": True})
            raise Failed(f"job {name} failed; the next apply starts it again", found.words)
        if found.state in ("new", "failed"):
            new.append(name)
        elif found.state == "running":
            pending.append(f"{name} {found.words}".strip())
    return pending, new


def job_state(machine: Machine, role: str, name: str, spec: JobSpec) -> JobState:
    """How a job is. `done` is asked only when the job is not at work."""
    note = _note(machine, role, name)
    same = note is not None and note["work"] == _work(spec)
    if same and _is_running(machine, role, name):
        return JobState("running", _progress(machine, spec))
    if spec["done"] and machine.system.run(spec["done"], 60).code == 0:
        return JobState("done", "")
    outcome = content(machine.state(f"{RUNS}/{_base(role, name)}.outcome")).decode().strip() if same else ""
    if outcome.startswith("success") and not spec["done"]:
        return JobState("done", "")
    if outcome.startswith("success"):
        return JobState("failed", f"it ended, and {program_name(spec['done'])} still says that it is not done")
    if outcome:
        how, _, invocation = outcome.rpartition(" ")
        return JobState("failed", f"{last_words(machine, invocation)}\n({how})".strip())
    # Never started, started in another form, or cut off by a power failure.
    return JobState("new", "")


def start_job(machine: Machine, role: str, name: str, spec: JobSpec) -> None:
    """Starts a job from the beginning."""
    stop_job(machine, role, name)
    note: JobNote = {"role": role, "name": name, "work": _work(spec), "since": now(), "told": False}
    machine.save(_file(role, name), note)
    # What systemd says of the end outlives the unit, which is gone when it ended well.
    outcome = machine.state(f"{RUNS}/{_base(role, name)}.outcome")
    after = f'ExecStopPost=/bin/sh -c \'echo "$SERVICE_RESULT $EXIT_STATUS $INVOCATION_ID" >"$1"\' sh "{outcome}"'
    command = ["systemd-run", "--quiet", "--no-block", f"--unit={job_unit(role, name)}", "--property=Type=exec"]
    # systemd would put its own environment in the place of a `$NAME`, see systemd.service(5).
    words = [word.replace("$", "$$") for word in spec["argv"]]
    # Without a home some programs refuse to start.
    more = ["--setenv=HOME=/root", "--setenv=LC_ALL=C.UTF-8", f"--property={after}"]
    machine.run(f"job {name}", [*command, *more, "--", *words])


def stop_job(machine: Machine, role: str, name: str) -> bool:
    """Stops a job and forgets it. Whether there was one."""
    unit = job_unit(role, name)
    there = _note(machine, role, name) is not None
    if there:
        machine.system.run(["systemctl", "stop", unit], 300)
        machine.system.run(["systemctl", "reset-failed", unit])
        remove(machine.state(f"{RUNS}/{_base(role, name)}.outcome"))
        remove(machine.state(_file(role, name)))
    return there


def stop_jobs_but(machine: Machine, wanted: Mapping[str, Collection[str]]) -> list[str]:
    """Stops every job that is not in `wanted` (role → names). Returns those that there were, as ROLE/NAME."""
    stopped = []
    for note in job_notes(machine):
        if note["name"] not in wanted.get(note["role"], ()):
            stop_job(machine, note["role"], note["name"])
            stopped.append(f"{note['role']}/{note['name']}")
    return stopped


def job_notes(machine: Machine) -> list[JobNote]:
    """All jobs that were started and not removed."""
    names = [name for name in machine.names(RUNS) if name.startswith("job-")]
    return [cast(JobNote, machine.load(f"{RUNS}/{name}.json")) for name in names]


def job_report(machine: Machine, jobs: Mapping[str, Mapping[str, JobSpec]]) -> dict[str, dict[str, str]]:
    """For `status`: ROLE/NAME → how the job is and its words. `jobs` are those of the applied roles, by role."""
    return {
        f"{role}/{name}": job_state(machine, role, name, spec)._asdict()
        for role, specs in sorted(jobs.items())
        for name, spec in sorted(specs.items())
    }


def job_unit(role: str, name: str) -> str:
    """The unit that a job runs in."""
    return f"sovereign-edge-job-{role}-{name}.service"


def last_words(machine: Machine, invocation: str) -> str:
    """The last lines that a unit printed in one of its runs."""
    command = ["journalctl", "-q", "--no-pager", "-o", "cat", "-n", "8", "_SYSTEMD_INVOCATION_ID=" + invocation]
    return tail(machine.system.run(command).output, 4)


def _progress(machine: Machine, spec: JobSpec) -> str:
    result = machine.system.run(spec["progress"], 10) if spec["progress"] else None
    return tail(result.output, 1)[:60] if result and result.code == 0 else "is running"


def _is_running(machine: Machine, role: str, name: str) -> bool:
    unit = job_unit(role, name)
    output = machine.system.run(["systemctl", "show", "--property=ActiveState", "--", unit]).output
    return output.strip() in ("ActiveState=active", "ActiveState=activating", "ActiveState=deactivating")


def _note(machine: Machine, role: str, name: str) -> JobNote | None:
    return cast("JobNote | None", machine.load(_file(role, name)))


def _file(role: str, name: str) -> str:
    return f"{RUNS}/{_base(role, name)}.json"


def _base(role: str, name: str) -> str:
    # Neither name can hold a colon; a dash could be of either.
    return f"job-{role}:{name}"


def _work(spec: JobSpec) -> str:
    return sha256(canonical(spec["argv"])).hexdigest()
