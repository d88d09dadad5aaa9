"""Azure DevOps Server, Team Foundation Server or Azure DevOps Services: which answer a request gets."""
import base64
import dataclasses
import urllib.parse
import uuid

from . import content
from .message import Response, error, json_response, page

P3P = ('CP="CAO DSP COR ADMa DEV CONo TELo CUR PSA PSD TAI IVDo OUR SAMi BUS DEM NAV STA UNI COM INT PHY ONL FIN PUR LOC '
       'CNT"')
ANONYMOUS = "TF400813: Resource not available for anonymous access. Client authentication required."
EXPIRED = "Access Denied: The Personal Access Token used has expired."


@dataclasses.dataclass(frozen=True)
class Settings:
    """What tells one installation from another."""
    public_url: str  # scheme, host and port
    token: str = "sample-token"
    collection: str = "DefaultCollection"
    directory: str = ""  # "tfs" where the server was upgraded from Team Foundation Server
    released: str = "7.0"
    newest: str = "7.1"
    hosted: bool = False
    projects: int = 102
    page_size: int = 100
    token_state: str = "valid"  # or "unknown", "expired", "narrow" (reads code, not projects)
    challenges: tuple = ("Bearer", "Basic", "Negotiate", "NTLM")
    sign_in: str = "redirect"  # how Services show their sign-in page: a 302, or the older "page" with 203
    hooks_allowed: bool = True
    oauth_off: bool = False
    ssh: str = ""  # "ssh://azure.example.test:22" where the SSH service is on
    realm: str = ""  # in place of the usual one


class Product:
    """`answer` is a function of the request; only its identifiers for the log are new each time."""

    def __init__(self, settings):
        self.settings = settings
        self.process = str(uuid.uuid4())
        root = "/".join(filter(None, (settings.directory, settings.collection)))
        self.root = f"/{root}"
        self.base = f"{settings.public_url}/{urllib.parse.quote(root)}"

    def answer(self, request):
        if self.settings.directory and request.path.split("/")[1:2] != [self.settings.directory]:
            return iis_not_found()  # another site than the application's: IIS answers by itself
        return self.signed(self.reply(request), request)

    def signed(self, response, request):
        """The headers by which the service is known, and by which its admin finds the request in the log."""
        pairs = [("X-TFS-ProcessId", self.process), ("ActivityId", str(uuid.uuid4())), ("X-TFS-Session", str(uuid.uuid4())),
                 ("X-VSS-E2EID", request.headers.get("X-VSS-E2EID", str(uuid.uuid4()))), ("X-FRAME-OPTIONS", "SAMEORIGIN"),
                 ("P3P", P3P), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-cache")]
        if self.settings.hosted:
            pairs += [("X-MSEdge-Ref", "Ref A: 0123456789ABCDEF Ref B: SAMPLE01EDGE0101 Ref C: 2026-01-31T09:30:00Z"),
                      ("X-Cache", "CONFIG_NOCACHE"), ("X-VSS-ResourceTenant", str(uuid.UUID(int=0)))]
        else:
            pairs += [("Server", "Microsoft-IIS/10.0"), ("X-Powered-By", "ASP.NET"), ("Lfs-Authenticate", "NTLM")]
        if self.settings.public_url.startswith("https:"):
            pairs.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
        return response.with_headers(*pairs)

    def reply(self, request):
        path = request.path.rstrip("/").lower()
        root = self.root.lower()
        if path != root and not path.startswith(root + "/"):
            return Response(404, "text/plain; charset=utf-8", b"The resource cannot be found.")
        inside = request.path.rstrip("/")[len(root):].lstrip("/")
        refusal = self.refuse(request, inside)
        if refusal:
            return refusal
        return self.version_error(request, inside) or self.resource(request, inside)

    # ---- who asks

    def refuse(self, request, inside):
        credential = request.headers.get("Authorization")
        if credential is None:
            return self.challenge(request, ANONYMOUS, page(401, "401 - Unauthorized: Access is denied"))
        if not self.is_token(credential) or self.settings.token_state == "unknown":
            return self.challenge(request, "", Response(401))
        if self.settings.token_state == "expired":
            # Faithful to captures: an AccessCheckException, with its empty custom properties.
            properties = {"Descriptor": None, "IdentityDisplayName": None, "Token": None, "RequestedPermissions": 0,
                          "NamespaceId": str(uuid.UUID(int=0))}
            return self.challenge(request, "", error(401, "AccessCheckException", EXPIRED, customProperties=properties,
                                                     namespace="Microsoft.VisualStudio.Services.Security"))
        if self.settings.token_state == "narrow" and "/_git/" not in f"/{inside}" and "/git/" not in inside:
            return self.challenge(request, "", Response(401))
        return None

    def is_token(self, credential):
        scheme, _, value = credential.partition(" ")
        try:
            user_password = base64.b64decode(value, validate=True).decode()
        except (ValueError, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and user_password.partition(":")[2] == self.settings.token

    def challenge(self, request, service_error, response):
        suppressed = request.headers.get("X-TFS-FedAuthRedirect", "").lower() == "suppress"
        git = "/_git/" in request.path  # git endpoints do not redirect to the sign-in page
        if self.settings.hosted and self.settings.sign_in == "page" and request.headers.get("Authorization"):
            return page(203, "Azure DevOps Services | Sign In")
        if self.settings.hosted and not suppressed and not git:
            where = f"https://spsprodeus21.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to={self.base}"
            return page(302, "Object moved", headers=[("Location", where)])
        return response.with_headers(*self.challenge_lines(service_error))

    def challenge_lines(self, service_error):
        usual = "https://tfsprodcin2.visualstudio.com/" if self.settings.hosted else self.realm()
        realm = self.settings.realm or usual
        parameters = {"Basic": f' realm="{realm}"',
                      "Bearer": " authorization_uri=https://login.microsoftonline.com/" + str(uuid.UUID(int=0))
                                if self.settings.hosted else ""}
        for scheme in self.settings.challenges:
            yield "WWW-Authenticate", scheme + parameters.get(scheme, "")
        if self.settings.hosted:
            yield "X-TFS-FedAuthRealm", "https://tfs.app.visualstudio.com/"
            yield "X-VSS-AuthorizationEndpoint", f"https://vssps.dev.azure.com/{self.settings.collection}/"
        if service_error:
            yield "X-TFS-ServiceError", urllib.parse.quote(service_error, safe="")

    def realm(self):
        """The public URL, as it is configured."""
        return "/".join(filter(None, (self.settings.public_url, self.settings.directory))) + (
            "" if self.settings.directory else "/")

    # ---- what is asked

    def version_error(self, request, inside):
        asked, preview, _ = request.query.get("api-version", "").partition("-preview")
        if not asked or preview:
            return None
        if inside.lower() == "_apis/connectiondata":
            return error(400, "VssInvalidPreviewVersionException",
                         f'The requested version "{asked}" of the resource is under preview. The -preview flag must be supplied '
                         f'in the api-version for such requests. For example: "{asked}-preview"')
        try:
            wanted, newest = (tuple(map(int, text.split("."))) for text in (asked, self.settings.newest))
        except ValueError:
            return error(400, "VssVersionNotSpecifiedException", "No api-version was supplied for the request.")
        if wanted <= newest:
            return None
        return error(400, "VssVersionOutOfRangeException",
                     f"The requested REST API version of {asked} is out of range for this server. The latest REST API version "
                     f"this server supports is {self.settings.newest}.")

    def resource(self, request, inside):
        """`inside`: the path below the collection."""
        version = request.query.get("api-version", "")
        parts = inside.split("/")
        low = inside.lower()
        if request.method == "OPTIONS" and parts[0].lower() == "_apis":
            wanted = [r for r in content.resources(self.settings.released, self.settings.newest)
                      if len(parts) < 2 or r["area"].lower() == parts[1].lower()]
            return json_response({"count": len(wanted), "value": wanted})
        if request.method != "GET":
            return error(405, "VssServiceException", "The requested resource does not support this method.")
        names = content.project_names(self.settings.projects)
        if low == "_apis/connectiondata":
            with_services = request.query.get("connectOptions", "0") in ("1", "IncludeServices")
            return json_response(content.connection_data(self.base, self.settings.hosted, self.settings.directory,
                                                         with_services))
        if low == "_apis/projects":
            return self.project_page(request, names, version)
        if low.endswith("_apis/git/repositories"):
            mine = [n for n in names if len(parts) == 3 or parts[0] in (n, content.identifier(n))]
            return self.collection([content.repository(self.base, name, self.settings.ssh) for name in mine[:3]], version)
        if "_git" in parts[:2]:
            return self.git(request, parts, names)
        if low == f"_apis/securitynamespaces/{content.SERVICE_HOOKS}":
            actions = [{"bit": 1 << n, "name": name, "displayName": name} for n, name in enumerate(content.HOOK_ACTIONS)]
            return self.collection([{"namespaceId": content.SERVICE_HOOKS, "name": "ServiceHooks", "actions": actions}], version)
        if low.startswith(f"_apis/permissions/{content.SERVICE_HOOKS}/"):
            tokens = request.query.get("tokens", "").split(request.query.get("delimiter", ","))
            return self.collection([self.settings.hooks_allowed for _ in tokens], version)
        if low == "_apis/hooks/subscriptions":
            return self.collection([], version)
        if low == "_settings/organizationpolicy" and self.settings.hosted:
            return json_response(content.policies(self.base, self.settings.oauth_off))
        return page(404, "The resource cannot be found.")

    @staticmethod
    def collection(items, version, headers=()):
        return json_response({"count": len(items), "value": items}, version=version, headers=headers)

    def project_page(self, request, names, version):
        try:
            start = int(request.query.get("continuationToken", "0"))
            size = min(int(request.query.get("$top", "100")), self.settings.page_size)
        except ValueError:
            return error(400, "VssPropertyValidationException", "The value is not a number.")
        end = start + size
        more = [("x-ms-continuationtoken", str(end))] if end < len(names) else []
        return self.collection([content.project(self.base, name) for name in names[start:end]], version, more)

    def git(self, request, parts, names):
        name = parts[parts.index("_git") + 1] if len(parts) > parts.index("_git") + 1 else ""
        known = {key: n for n in names for key in (n, content.identifier("repository " + n))}
        if name not in known:
            return error(404, "GitRepositoryNotFoundException",
                         f"TF401019: The Git repository with name or identifier {name} does not exist or you do not have "
                         "permissions for the operation you are attempting.", namespace="Microsoft.TeamFoundation.Git.Server")
        if parts[-2:] == ["info", "refs"] and request.query.get("service") == "git-upload-pack":
            version_2 = request.headers.get("Git-Protocol", "") == "version=2"
            return Response(200, "application/x-git-upload-pack-advertisement", content.ref_advertisement(version_2))
        if parts[-2:] == ["vsts", "info"]:
            repository = content.repository(self.base, known[name], self.settings.ssh)
            return json_response({"serverUrl": self.settings.public_url, "collection": {
                "id": content.identifier("collection"), "name": self.settings.collection, "url": self.base},
                "repository": repository})
        return page(404, "The resource cannot be found.")


def iis_not_found():
    """A 404 of IIS itself: no header of the application is on it."""
    return page(404, "404 - File or directory not found.", headers=[("Server", "Microsoft-IIS/10.0"),
                                                                    ("X-Powered-By", "ASP.NET")])
