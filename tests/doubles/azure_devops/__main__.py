"""python3 -m azure_devops --variant NAME: serves until SIGINT or SIGTERM. Prints its port as JSON on standard output."""
import argparse
import json
import signal
import sys

from . import VARIANTS, running


def main():
    listing = "\n".join(f"  {name:26}{variant.about}" for name, variant in VARIANTS.items())
    parser = argparse.ArgumentParser(prog="azure_devops", description="A sample Azure DevOps on this machine.",
                                     formatter_class=argparse.RawDescriptionHelpFormatter, epilog="variants:\n" + listing)
    parser.add_argument("--variant", choices=VARIANTS, default="server-2022", metavar="NAME")
    parser.add_argument("--host", default="127.0.0.1", help="the name by which clients ask; part of its public URL")
    parser.add_argument("--certificate", help="PEM, leaf first; without it the server speaks plain http")
    parser.add_argument("--key", help="PEM")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--public-url", help="in place of the address that it serves at")
    parser.add_argument("--collection", default="DefaultCollection")
    parser.add_argument("--token", default="sample-token", help="the token that it accepts")
    arguments = parser.parse_args()
    settings = {"collection": arguments.collection, "token": arguments.token}
    if arguments.public_url:
        settings["public_url"] = arguments.public_url
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with running(arguments.variant, arguments.host, arguments.certificate, arguments.key, arguments.port, **settings) as port:
        print(json.dumps({"port": port, "variant": arguments.variant}), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
