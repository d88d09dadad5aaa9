"""The sample server's variants: installations with one thing wrong each, and devices that stand in front of a good one."""
import dataclasses

from . import message
from .product import Product, Settings

IIS = ("Server", "Microsoft-IIS/10.0")
HTTP_SYS = ("Server", "Microsoft-HTTPAPI/2.0")
NGINX = ("Server", "nginx/1.22.1")


@dataclasses.dataclass(frozen=True)
class Variant:
    """`settings` differ from a healthy server's; `front(request, behind)` answers in place of the product."""
    about: str
    settings: dict = dataclasses.field(default_factory=dict)
    front: object = None

    def build(self, address, **given):
        """`address` is its public URL, unless the variant has another; what is `given` wins over the variant's own."""
        product = Product(Settings(**{"public_url": address, **self.settings, **given}))
        if not self.front:
            return product.answer
        return lambda request: self.front(request, product)


def always(response):
    return lambda request, product: response


def signed(response):
    """From the application itself."""
    return lambda request, product: product.signed(response, request)


def windows_only(request, product):
    return message.page(401, "Not Authorized", headers=[HTTP_SYS, ("WWW-Authenticate", "Negotiate"),
                                                        ("WWW-Authenticate", "NTLM")])


def iis_basic(request, product):
    """IIS takes the header for a Windows account's and never hands it on."""
    if not request.headers.get("Authorization"):
        return product.answer(request)
    return message.page(401, "401 - Unauthorized: Access is denied due to invalid credentials.",
                        headers=[IIS, ("WWW-Authenticate", 'Basic realm="srv1"')])


def stripped_authorization(request, product):
    return product.answer(request.without("Authorization")).with_headers(("Via", "1.1 proxy.example.test"))


def git_blocked(request, product):
    if "/_git/" not in request.path:
        return product.answer(request)
    return message.page(403, "403 Forbidden", headers=[NGINX])


def html_instead_of_json(request, product):
    if "/_apis/projects" not in request.path:
        return product.answer(request)
    return product.signed(message.page(200, "Azure DevOps Server - Home"), request)


def throttled(request, product):
    """Only who is known is counted."""
    if not request.headers.get("Authorization"):
        return product.answer(request)
    text = "TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource 'Concurrency'."
    response = message.error(429, "RequestBlockedException", text, headers=[
        ("Retry-After", "30"), ("X-RateLimit-Resource", "Concurrency"), ("X-RateLimit-Limit", "200"),
        ("X-RateLimit-Remaining", "0")])
    return product.signed(response, request)


def conditional_access(request, product):
    if not request.headers.get("Authorization"):
        return product.answer(request)
    title = "VS403463: The conditional access policy defined by your Microsoft Entra administrator has failed."
    return product.signed(message.page(403, title), request)


SERVICES = {"hosted": True, "released": "7.1", "newest": "7.2", "challenges": ("Bearer", "Basic", "TFS-Federated")}
OFFLINE = message.page(503, "TF400898: The host is offline for servicing.", headers=[("X-VSS-HostOfflineError", "1")])

VARIANTS = {
    "server-2022": Variant("Azure DevOps Server 2022, healthy"),
    "server-2020": Variant("Azure DevOps Server 2020, healthy; too old for git over SSH", {"released": "6.0", "newest": "6.1"}),
    "server-25h2": Variant("the newest release, healthy", {"released": "7.2", "newest": "7.2"}),
    "server-2019": Variant("Azure DevOps Server 2019: too old", {"released": "5.0", "newest": "5.1"}),
    "tfs-2018": Variant("Team Foundation Server 2018", {"released": "4.1", "newest": "4.1"}),
    "tfs-prefix": Variant("upgraded from Team Foundation Server: everything is below /tfs", {"directory": "tfs"}),
    "localhost-url": Variant("the public URL was never set", {"public_url": "http://localhost"}),
    "internal-url": Variant("the public URL is the internal one", {"public_url": "http://tfs-app01.example.test:8080"}),
    "empty": Variant("the token's account sees no project", {"projects": 0}),
    "wrong-token": Variant("the token is not known here", {"token_state": "unknown"}),
    "expired-token": Variant("the token has expired", {"token_state": "expired"}),
    "scope-missing": Variant("the token reads code, not projects", {"token_state": "narrow"}),
    "webhook-denied": Variant("the token may not edit subscriptions", {"hooks_allowed": False}),
    "no-basic-challenge": Variant("the application offers Windows sign-in only",
                                  {"challenges": ("Negotiate", "NTLM"), "token_state": "unknown"}),
    "offline": Variant("the collection is being serviced", front=signed(OFFLINE)),
    "html-instead-of-json": Variant("a page in place of the list of projects", front=html_instead_of_json),
    "windows-only": Variant("Windows asks for Windows credentials before the application", front=windows_only),
    "iis-basic": Variant("IIS Basic Authentication is on", front=iis_basic),
    "application-pool-stopped": Variant("HTTP.sys answers in place of the application", front=always(
        message.page(503, "Service Unavailable", headers=[HTTP_SYS]))),
    "not-the-service": Variant("the default page of IIS", front=always(message.page(200, "IIS Windows Server", headers=[IIS]))),
    "reverse-proxy-502": Variant("a reverse proxy that does not reach the server", front=always(
        message.page(502, "502 Bad Gateway", headers=[NGINX]))),
    "stripped-authorization": Variant("a reverse proxy removes the Authorization header", front=stripped_authorization),
    "git-blocked": Variant("a proxy lets only the API through", front=git_blocked),
    "services": Variant("Azure DevOps Services, healthy", SERVICES),
    "services-wrong-token": Variant("Azure DevOps Services with a token that they do not know",
                                    {**SERVICES, "token_state": "unknown"}),
    "services-203": Variant("the same, answered by the older sign-in page",
                            {**SERVICES, "token_state": "unknown", "sign_in": "page"}),
    "services-oauth-off": Variant("third-party access via OAuth is off", {**SERVICES, "oauth_off": True}),
    "conditional-access": Variant("Conditional Access refuses the address", SERVICES, conditional_access),
    "throttled": Variant("the token has used up its share", SERVICES, throttled),
}
