"""What the sample server holds: projects, repositories, resources. Every URL is built from the public URL, as Azure DevOps
does, whatever the request's Host header says."""
import urllib.parse
import uuid

NAMESPACE = uuid.UUID("6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c")
SERVICE_HOOKS = "cb594ebe-87dd-4fc9-ac2c-6a10a4c92046"
HOOK_ACTIONS = ("ViewSubscriptions", "EditSubscriptions", "DeleteSubscriptions", "PublishEvents")
OAUTH_POLICY = "Policy.DisallowOAuthAuthentication"


def identifier(text):
    return str(uuid.uuid5(NAMESPACE, text))


def quote(text):
    return urllib.parse.quote(text, safe="")


def project_names(count):
    return ["Fabrikam Fiber", *(f"Contoso-{number:03}" for number in range(2, count + 1))][:count]


def project(base, name):
    number = identifier(name)
    return {"id": number, "name": name, "description": f"Sources of {name}", "url": f"{base}/_apis/projects/{number}",
            "state": "wellFormed", "revision": 411518573, "visibility": "private",
            "lastUpdateTime": "2024-01-31T09:30:00.123Z"}


def repository(base, name, ssh):
    """The repository that has its project's name. `ssh`: how its SSH address begins; empty where the service is off."""
    number, owner = identifier("repository " + name), identifier(name)
    api = f"{base}/{owner}/_apis/git/repositories/{number}"
    remote = f"{base}/_git/{quote(name)}" if " " not in name else f"{base}/{quote(name)}/_git/{quote(name)}"
    address = {"sshUrl": ssh + urllib.parse.urlsplit(remote).path} if ssh else {}
    return {"id": number, "name": name, "url": api, "project": project(base, name), "defaultBranch": "refs/heads/main",
            "size": 728, "remoteUrl": remote, **address, "webUrl": remote, "isDisabled": False, "isInMaintenance": False,
            "_links": {"self": {"href": api}, "project": {"href": f"vstfs:///Classification/TeamProject/{owner}"},
                       "web": {"href": remote}, "commits": {"href": f"{api}/commits"}, "refs": {"href": f"{api}/refs"},
                       "pullRequests": {"href": f"{api}/pullRequests"}}}


def resources(released, newest):
    """The answer to OPTIONS: a resource that never left preview has the released version 0.0."""
    def resource(number, area, name, route, version):
        return {"id": number, "area": area, "resourceName": name, "routeTemplate": route, "resourceVersion": 4,
                "minVersion": "1.0", "maxVersion": newest, "releasedVersion": version}
    return [resource("603fe2ac-9723-48b9-88ad-09305aa6c6e1", "core", "projects", "_apis/{resource}/{*projectId}", released),
            resource("225f7195-f9c7-4d14-ab28-a83f7ff77e1f", "git", "repositories",
                     "{project}/_apis/{area}/{resource}/{repositoryId}", released),
            resource("00d9565f-ed9c-4a06-9a50-00e7896ccab4", "Location", "ConnectionData", "_apis/{resource}", "0.0")]


def connection_data(base, hosted, directory, with_services):
    user = {"id": identifier("user"), "descriptor": "Microsoft.IdentityModel.Claims.ClaimsIdentity;sample", "isActive": True,
            "providerDisplayName": "Sample User", "properties": {}}
    data = {"authenticatedUser": user, "authorizedUser": user, "instanceId": identifier("collection"),
            "deploymentId": identifier("deployment"), "deploymentType": "hosted" if hosted else "onPremises",
            "locationServiceData": {"serviceOwner": identifier("owner"), "defaultAccessMappingMoniker": "PublicAccessMapping",
                                    "lastChangeId": 123, "lastChangeId64": 123, "clientCacheFresh": False,
                                    "clientCacheTimeToLive": 3600}}
    if directory:
        data["webApplicationRelativeDirectory"] = f"/{directory}"
    if with_services:
        data["locationServiceData"]["accessMappings"] = [
            {"displayName": "Public Access Mapping", "moniker": "PublicAccessMapping", "accessPoint": base,
             "serviceOwner": identifier("owner"), "virtualDirectory": f"/{directory}" if directory else ""}]
    return data


def policies(base, off):
    """The settings page as data; the policy's name is inverted: true means that access is off."""
    def entry(name, value, text, link):
        return {"policy": {"name": name, "value": value, "effectiveValue": not value}, "learnMoreLink": link,
                "description": text, "applicableServiceHost": 1}
    connections = [entry(OAUTH_POLICY, off, "Third-party application access via OAuth", "https://aka.ms/vstspolicyoauth"),
                   entry("Policy.DisallowSecureShell", False, "SSH authentication", "https://aka.ms/vstspolicyssh")]
    provider = {"policies": {"applicationConnection": connections, "security": []}}
    return {"fps": {"dataProviders": {"data": {"ms.vss-admin-web.organization-policies-data-provider": provider}}},
            "url": f"{base}/_settings/organizationPolicy"}


def pkt_line(text):
    """gitprotocol-common(5): four hexadecimal digits, themselves counted."""
    return f"{len(text) + 4:04x}{text}".encode()


def ref_advertisement(version_2):
    """gitprotocol-http(5), gitprotocol-v2(5)."""
    head = pkt_line("# service=git-upload-pack\n") + b"0000"
    if version_2:
        lines = ("version 2\n", "agent=git/azure-repos\n", "ls-refs=unborn\n", "fetch=shallow\n", "object-format=sha1\n")
        return head + b"".join(map(pkt_line, lines)) + b"0000"
    commit = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
    capabilities = "multi_ack thin-pack side-band-64k ofs-delta symref=HEAD:refs/heads/main object-format=sha1"
    return head + pkt_line(f"{commit} HEAD\0{capabilities}\n") + pkt_line(f"{commit} refs/heads/main\n") + b"0000"
