#!/usr/bin/python3
"""deploy/remove-definition with a fake kubectl: whatever the cluster has, or fails to report, it
deletes nothing that has VMIs or belongs to somebody else. tests/e2e/test_upgrade.py runs it on a
cluster."""

import os

import support
from support import ROOT

OURS = "there app.kubernetes.io/name=hookline "


class RemoveDefinition(support.TestCase):
    def remove(self, labels, machines):
        """Runs it; each answer of kubectl is a text, or the exit status with which it fails.
        Returns the result, and whether the definition was deleted."""
        deleted = self.tmp / "deleted"
        deleted.unlink(missing_ok=True)
        lines = ["#!/bin/sh", 'case "$*" in']
        for words, answer in (("*get*go-template*", labels), ("*get*-o*name*", machines)):
            reply = f"exit {answer}" if isinstance(answer, int) else f"printf '%s' '{answer}'"
            lines.append(f"{words}) {reply} ;;")
        lines += [f"*delete*) touch {deleted} ;;", "*) exit 9 ;;", "esac", ""]
        kubectl = self.write("bin/kubectl", "\n".join(lines))
        kubectl.chmod(0o755)
        path = f"{kubectl.parent}:{os.environ['PATH']}"
        done = support.run([ROOT / "deploy" / "remove-definition", "--context=x"], env={"PATH": path})
        return done, deleted.exists()

    def test_removed(self):
        done, deleted = self.remove(OURS, "")
        self.assertEqual((done.returncode, deleted), (0, True), done.stderr)

    def test_gone_already(self):
        done, deleted = self.remove("", "")
        self.assertEqual((done.returncode, done.stderr, deleted), (0, "", False))

    def test_kept(self):
        kubevirts = OURS + "app.kubernetes.io/managed-by=virt-operator "
        machine = "virtualmachineinstance.kubevirt.io/vm\n"
        for labels, machines, why in (
            (kubevirts, "", "it is KubeVirt's"),
            ("there ", "", "it lacks the label app.kubernetes.io/name=hookline"),
            (OURS, machine, "it has VirtualMachineInstances, which would be deleted with it: 1\n"),
            (OURS, machine * 3, "it has VirtualMachineInstances, which would be deleted with it: 3\n"),
            (1, "", ""),  # kubectl is not allowed to list, or fails
            (OURS, 1, ""),
        ):
            with self.subTest(labels=labels, machines=machines):
                done, deleted = self.remove(labels, machines)
                self.assertEqual((done.returncode, deleted), (1, False))
                self.assertIn(why, done.stderr)


if __name__ == "__main__":
    support.main()
