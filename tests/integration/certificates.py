"""Certificates for the tests, made with openssl."""

import subprocess


def make_certificate(directory, name, subject, *extensions, signer=None):
    """Makes NAME.crt and NAME.key in a directory, valid for two days, with extensions in openssl's
    syntax; signed by the signer, whose certificate and key are in the same directory, or
    self-signed. Returns the certificate's path."""
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    argv += ["-nodes", "-days", "2", "-subj", subject]
    argv += ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
    for extension in extensions:
        argv += ["-addext", extension]
    if signer is not None:
        argv += ["-CA", f"{signer}.crt", "-CAkey", f"{signer}.key"]
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl made no certificate: {done.stderr}")
    return directory / f"{name}.crt"
