# A mail server for the stories: TLS, a login, one file a mail. What the file `behave` says is how it takes the next.
#
# Usage: mail_server.py FOLDER PORT starttls|implicit     FOLDER holds server.pem (certificate and key) and behave
import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER, PORT, MODE = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def behave():
    with open(os.path.join(FOLDER, "behave")) as said:
        return said.read().strip()


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        how = behave()
        if how == "break off":
            server.transport.abort()
            return "250 nobody hears this"
        if how[:1] in ("4", "5"):
            return how
        number = len([name for name in os.listdir(FOLDER) if name.endswith(".eml")])
        beside = os.path.join(FOLDER, "beside")
        with open(beside, "wb") as mail:
            mail.write(envelope.original_content)
        os.rename(beside, os.path.join(FOLDER, "%04d.eml" % number))
        if how == "hang":
            await asyncio.sleep(3600)
        if how == "keep and break off":
            server.transport.abort()
        return "250 2.0.0 kept as %d" % number


def known(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"rollcall", b"correct horse")
    return AuthResult(success=good, handled=False)


async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(os.path.join(FOLDER, "server.pem"))
    starttls = MODE == "starttls"

    def door():
        return SMTP(
            Keeper(),
            hostname="mail.test",
            require_starttls=starttls,
            tls_context=tls if starttls else None,
            authenticator=known,
            auth_required=True,
            auth_require_tls=starttls,
        )

    server = await asyncio.get_running_loop().create_server(door, "127.0.0.1", PORT, ssl=None if starttls else tls)
    await server.serve_forever()


asyncio.run(main())
