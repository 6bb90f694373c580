"""Streams over TLS, alone and sharing a connection by HTTP/2, against a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import httpx2
import pytest
import trustme
from fault_server import ANSWER

from partialjson import StreamTimeout, aopen_stream, open_stream

VALUE = json.loads(ANSWER)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
    program = Path(__file__).with_name("http2_server.py")
    with subprocess.Popen(
        [sys.executable, program, folder / "own.pem", folder / "own.pem"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        port = int(running.stdout.readline())
        wait_for(port)
        yield f"https://localhost:{port}", folder / "ca.pem"
        running.terminate()


def wait_for(port):
    """The port is bound before it is listened at."""
    for _ in range(500):
        with suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
            return
        time.sleep(0.02)


def trusting(ca):
    return ssl.create_default_context(cafile=ca)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_over_a_shared_connection_is_whole(server, library):
    url, ca = server
    with (
        library.Client(http2=True, verify=trusting(ca)) as client,
        open_stream(client, "POST", url, provider="openai") as flow,
    ):
        list(flow)
    assert flow.result == VALUE


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_clock_ends_one_stream_of_a_shared_connection(server, library):
    url, ca = server
    with library.Client(http2=True, verify=trusting(ca)) as client:
        with (
            pytest.raises(StreamTimeout, match="idle_timeout"),
            open_stream(client, "POST", f"{url}/stall", idle_timeout=0.2) as flow,
        ):
            list(flow)
        assert flow.verdict.status == "interrupted"
        with open_stream(client, "POST", url) as flow:
            list(flow)
        assert flow.result == VALUE


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_clock_ends_a_stream_of_its_own_connection_over_tls(server, library):
    url, ca = server
    with (
        library.Client(verify=trusting(ca)) as client,
        pytest.raises(StreamTimeout, match="idle_timeout"),
        open_stream(client, "POST", f"{url}/stall", idle_timeout=0.2) as flow,
    ):
        list(flow)
    assert flow.value == {"title": "Owls"}


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_clock_with_await_ends_one_stream_of_a_shared_connection(server, library):
    url, ca = server

    async def stalled(client):
        async with aopen_stream(client, "POST", f"{url}/stall", idle_timeout=0.2) as flow:
            return [one async for one in flow]

    async def main():
        async with library.AsyncClient(http2=True, verify=trusting(ca)) as client:
            with pytest.raises(StreamTimeout, match="idle_timeout"):
                await stalled(client)
            async with aopen_stream(client, "POST", url) as flow:
                return [one async for one in flow] and flow.result

    assert asyncio.run(main()) == VALUE
