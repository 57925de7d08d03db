#!/usr/bin/env python3
"""Do the manifests of docs/k8s hold, and do their command lines what their comments say?

    python3 testdata/judge_k8s.py --rdbkit PROGRAM --promtool PROGRAM [--servers DIR] [--only A,B]

Needs kubernetes-validate, which .ci/k8s fetches, as it does promtool.

- Every manifest fits the schema of its kind, strictly, of an old and the newest release of Kubernetes; PrometheusRule, which is
  none of Kubernetes' own, fits testdata/k8s/prometheusrule.schema.json. A misspelt field has to be refused.
- Pods are what they are said to be: not root, a read-only root, limits; what they mount is there, what they write to is writable.
- promtool takes the alerts, and testdata/k8s/alerts_test.yaml has each of them fire, and not fire.
- The containers' arguments are run, paths exchanged for folders and as the user that is named, on what real servers wrote: good,
  torn and wrong backups; logs that are not there, whole, torn and damaged. Then the server's own arguments are.

The last line is "N passed, N failed"; the exit code is 0 if nothing failed and something passed.
"""
import argparse
import copy
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import jsonschema
import kubernetes_validate
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

from generator.server import Server, ServerExit  # noqa: E402

OLDEST = "1.27"  # the first in which a CronJob's timeZone is stable


class Judge:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, what, holds, more=""):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print("FAILED %s%s" % (what, "".join("\n    " + line for line in str(more).splitlines()[-30:])))
        return holds


def manifests():
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "k8s", "*.yaml"))):
        with open(path, encoding="utf-8") as f:
            found += [(os.path.basename(path), document) for document in yaml.safe_load_all(f)]
    return found


def of_kind(kind):
    return next(document for _, document in manifests() if document["kind"] == kind)


def fault(document):
    """What the schema of its kind has against a manifest."""
    try:
        if document["kind"] == "PrometheusRule":
            with open(os.path.join(HERE, "k8s", "prometheusrule.schema.json"), encoding="utf-8") as f:
                jsonschema.validate(document, json.load(f))
        else:
            for version in (OLDEST, kubernetes_validate.latest_version()):
                kubernetes_validate.validate(document, version, strict=True)
        return None
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        return "%s: %s" % (list(error.path), error.message)


def schemas(judge):
    for file, document in manifests():
        why = fault(document)
        judge.expect("%s: %s %s" % (file, document["kind"], document["metadata"]["name"]), why is None, why)
        wrong = copy.deepcopy(document)
        part, field = (wrong["spec"], next(iter(wrong["spec"]))) if "spec" in wrong else (wrong, "data")
        part["misspelt"] = part.pop(field)
        judge.expect("%s: a misspelt field of a %s is seen" % (file, document["kind"]), fault(wrong))


def pod_of(document):
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]["spec"]


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def pods(judge):
    for kind in ("CronJob", "StatefulSet"):
        document = of_kind(kind)
        pod = pod_of(document)
        named = pod.get("volumes", []) + [claim["metadata"] for claim in document["spec"].get("volumeClaimTemplates", [])]
        security = pod["securityContext"]
        judge.expect("%s: not as root" % kind, security["runAsNonRoot"] and security["runAsUser"] > 0)
        judge.expect("%s: no token of the cluster" % kind, pod["automountServiceAccountToken"] is False)
        for one in containers(pod):
            what = "%s, container %s: " % (kind, one["name"])
            own = one["securityContext"]
            judge.expect(what + "confined", own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
                         and own["capabilities"] == {"drop": ["ALL"]})
            judge.expect(what + "bounded", one["resources"]["requests"] and one["resources"]["limits"]["memory"])
            judge.expect(what + "an image with a version", re.search(r":\d[\w.]*$", one["image"]))
            mounts = one["volumeMounts"]
            judge.expect(what + "mounts what there is",
                         {mount["name"] for mount in mounts} <= {volume["name"] for volume in named})
            paths = re.findall(r"(?:^|=)(/[^\s]*)", "\n".join(one["args"]), re.M)
            judge.expect(what + "names no path that is not mounted", paths and all(
                any(path == m["mountPath"] or path.startswith(m["mountPath"] + "/") for m in mounts) for path in paths))


class Container:
    """One of a pod, run here: folders for its mounts, its user, its arguments."""

    def __init__(self, pod, name, folder):
        self.one = next(one for one in containers(pod) if one["name"] == name)
        self.user = pod["securityContext"]["runAsUser"]
        self.mounts = {}
        for mount in self.one["volumeMounts"]:
            self.mounts[mount["mountPath"]] = path = os.path.join(folder, mount["name"])
            os.makedirs(path, exist_ok=True)
            self.own(path, not mount.get("readOnly", False))

    def own(self, path, writable):
        """Its own if it may write to it, else anybody's but its own."""
        for place, _, files in os.walk(path):
            for each in [place] + [os.path.join(place, file) for file in files]:
                if os.geteuid() == 0:
                    os.chown(each, self.user if writable else 0, -1)
                os.chmod(each, 0o755 if os.path.isdir(each) else 0o644)

    def args(self):
        args = self.one["args"]
        for path, folder in self.mounts.items():
            args = [re.sub(r"(^|=)%s(?=/|$)" % re.escape(path), lambda found: found[1] + folder, arg) for arg in args]
        return args

    def run(self, program):
        user = {"user": self.user, "group": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run([program] + self.args(), capture_output=True, text=True, timeout=120, **user)


def alerts(judge, promtool, metrics, folder):
    rules = of_kind("PrometheusRule")["spec"]
    with open(os.path.join(folder, "rules.yaml"), "w", encoding="utf-8") as f:
        yaml.safe_dump(rules, f)
    tests = os.path.join(folder, "alerts_test.yaml")
    shutil.copy(os.path.join(HERE, "k8s", "alerts_test.yaml"), tests)
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run([promtool] + command, cwd=folder, capture_output=True, text=True, timeout=300)
        judge.expect("promtool " + " ".join(command), done.returncode == 0, done.stdout + done.stderr)
    with open(tests, encoding="utf-8") as f:
        asked = [each for test in yaml.safe_load(f)["tests"] for each in test["alert_rule_test"]]
    fires = {each["alertname"] for each in asked if each.get("exp_alerts")}
    silent = {each["alertname"] for each in asked if not each.get("exp_alerts")}
    for alert in (alert for group in rules["groups"] for alert in group["rules"]):
        judge.expect("%s is seen to fire, and not to" % alert["alert"], alert["alert"] in fires & silent)
        page = alert["annotations"]["runbook_url"].split("/rdbkit/")[1]
        judge.expect("%s: there is a %s" % (alert["alert"], page), os.path.exists(os.path.join(ROOT, page)))
        for name in re.findall(r"redis_backup_\w+", alert["expr"]):
            judge.expect("%s: there is a metric %s" % (alert["alert"], name), name in metrics)


def filled(server, folder, conf=None, keys=1000):
    """A server with the data that the policy of backup-check.yaml asks for."""
    client = server.start(folder, dict(conf or {}, **{"aof-timestamp-enabled": "yes"}))
    client.pipe(["SET", "user:%d" % i, "name-%d" % i] for i in range(keys))
    client.cmd("HSET", "config:version", "major", "8")
    return client


def saved(client, folder):
    """The file it saves, in a second of its own: the newest of several is found by that."""
    time.sleep(1.1)
    client.cmd("SAVE")
    with open(os.path.join(folder, "dump.rdb"), "rb") as f:
        return f.read()


def cron_job(judge, rdbkit, promtool, server, work):
    """Returns the names of all metrics that were seen."""
    policy = of_kind("ConfigMap")["data"]
    check = Container(pod_of(of_kind("CronJob")), "check", work)
    for name, text in policy.items():
        with open(os.path.join(check.mounts["/policy"], name), "w", encoding="utf-8") as f:
            f.write(text)
    backups, prom = check.mounts["/backups"], os.path.join(check.mounts["/metrics"], "redis_backup.prom")
    data = os.path.join(work, "server")
    client = filled(server, data)
    dumps = []
    for _ in range(2):
        dumps.append(saved(client, data))
    client.close()
    server.stop()
    seen = set()

    def night(what, code, ok):
        check.own(backups, False)
        done = check.run(rdbkit)
        with open(prom, encoding="utf-8") as f:
            text = f.read()
        seen.update(re.findall(r"^(redis_backup_\w+)", text, re.M))
        what = "%s, CronJob: %s" % (server.name, what)
        judge.expect(what, done.returncode == code, "exit code %d\n%s" % (done.returncode, done.stdout + done.stderr))
        judge.expect(what + ": redis_backup_ok", re.search(r"^redis_backup_ok\{[^}]*\} %d$" % ok, text, re.M), text)
        taken = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        judge.expect(what + ": promtool takes the metrics", taken.returncode == 0, taken.stdout + taken.stderr)
        return re.findall(r"^redis_backup_last_success_timestamp_seconds.*", text, re.M)

    def backup(name, whole):
        with open(os.path.join(backups, name), "wb") as f:
            f.write(whole)

    backup("dump-1.rdb", dumps[0])
    good = night("a good backup", 0, 1)
    backup("dump-2.rdb", dumps[1][:len(dumps[1]) // 2])
    judge.expect("%s: the last success stays what it was" % server.name, night("a torn backup", 1, 0) == good and good)
    os.remove(os.path.join(backups, "dump-2.rdb"))
    # A backup of nothing loads, and is not the one that is wanted.
    client = server.start(os.path.join(work, "empty"))
    backup("dump-3.rdb", saved(client, os.path.join(work, "empty")))
    client.close()
    server.stop()
    night("a backup of nothing", 1, 0)
    for name in os.listdir(backups):
        os.remove(os.path.join(backups, name))
    night("no backup at all", 2, 0)
    return seen


def keys_with(server, args, log):
    """How many keys the server has that is started with the arguments of the manifest; None if it does not start."""
    try:
        client = server.start_with(args, log)
    except ServerExit:
        return None
    keys = client.cmd("DBSIZE")
    client.close()
    server.stop()
    return keys


def stateful_set(judge, rdbkit, server, work):
    pod = pod_of(of_kind("StatefulSet"))
    written = os.path.join(work, "written")
    client = filled(server, written, {"appendonly": "yes"}, keys=100)
    client.close()
    server.stop()
    torn, hole = b"*3\r\n$3\r\nSET\r\n$8\r\nuser:1", b"\xff" * 24  # more than any key or value

    def copied(at, damage):
        shutil.copytree(os.path.join(written, "appendonlydir"), at)
        with open(glob.glob(os.path.join(at, "*.incr.aof"))[0], "r+b") as f:
            damage(f)

    def append(f):
        f.seek(0, os.SEEK_END)
        f.write(torn)

    def hurt(f):
        f.seek(os.fstat(f.fileno()).st_size // 2)
        f.write(hole)

    cases = [
        ("no log yet", None, 0, 0, 0),
        ("a whole log", lambda f: None, 0, 101, 0),
        ("a torn log", append, 0, 101, 1),
        ("a log that is damaged in the middle", hurt, 1, None, 0),
    ]
    for what, damage, code, keys, kept in cases:
        folder = tempfile.mkdtemp(dir=work)
        os.chmod(folder, 0o755)
        repair, redis = (Container(pod, name, folder) for name in ("aof-repair", "redis"))
        data = repair.mounts["/data"]
        log = os.path.join(data, "appendonlydir")
        what = "%s, init container, %s: " % (server.name, what)
        if damage:
            copied(log, damage)
        repair.own(data, True)
        before = contents(log)
        if damage in (append, hurt):
            trial = os.path.join(folder, "trial")
            shutil.copytree(log, os.path.join(trial, "appendonlydir"))
            args = [trial if arg == data else arg for arg in redis.args()]
            judge.expect(what + "without it the server does not start", keys_with(server, args, os.path.join(folder, "log")) is None)
        # Judged for the product of the server that is at hand.
        args = [re.sub(r"^--for=.*", "--for=" + release(server), arg) for arg in repair.one["args"]]
        repair.one = dict(repair.one, args=args)
        done = repair.run(rdbkit)
        judge.expect(what + "exit code", done.returncode == code, "%d\n%s" % (done.returncode, done.stdout + done.stderr))
        backups = glob.glob(log + ".bak-*")
        judge.expect(what + "what was is kept", len(backups) == kept and all(contents(b) == before for b in backups), backups)
        if not kept:
            judge.expect(what + "nothing is changed", contents(log) == before)
        if code == 0:
            found = keys_with(server, redis.args(), os.path.join(folder, "log"))
            judge.expect(what + "keys", found == keys, found)


def release(server):
    return "%s:%d.%d" % (("valkey" if server.is_valkey else "redis",) + server.version[:2])


def contents(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, "*")):
        with open(path, "rb") as f:
            found[os.path.basename(path)] = f.read()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rdbkit", required=True)
    parser.add_argument("--promtool", required=True)
    parser.add_argument("--servers", default=os.path.join(ROOT, ".servers"))
    parser.add_argument("--only", help="names of servers, with commas", default="redis-8.0-sid,valkey-9-sid")
    args = parser.parse_args()
    judge = Judge()
    schemas(judge)
    pods(judge)
    metrics = set()
    with tempfile.TemporaryDirectory(prefix="rdbkit-k8s-") as work:
        os.chmod(work, 0o755)  # other users run the program in it
        rdbkit = os.path.join(work, "rdbkit")
        shutil.copy(args.rdbkit, rdbkit)
        for name in args.only.split(","):
            server = Server(os.path.join(args.servers, name), name)
            for which in ("cron", "set"):
                os.makedirs(os.path.join(work, name, which))
            metrics |= cron_job(judge, rdbkit, os.path.abspath(args.promtool), server, os.path.join(work, name, "cron"))
            stateful_set(judge, rdbkit, server, os.path.join(work, name, "set"))
        alerts(judge, os.path.abspath(args.promtool), metrics, work)
    print("%d passed, %d failed" % (judge.passed, judge.failed))
    sys.exit(0 if judge.passed and not judge.failed else 1)


if __name__ == "__main__":
    main()
