#!/usr/bin/env python3
"""Reads a bid as FORMAT.md has it, with nothing but Python's library and the openssl command (3.0 or later).

    decode.py BID KEYS.pem... [-o FOLDER]   KEYS.pem holds a private key and its certificate
    decode.py --vectors FOLDER              one line for each vector: its name and what became of it

Prints "ok", or what is wrong in the words of FORMAT.md, 9, with the part and the chunk (counted from 0).
It holds a bid in memory and is slow: it is there to judge the format, not to work with it.
"""
import base64, hashlib, hmac, json, os, re, struct, subprocess, sys, tempfile, unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

MAGIC = b"\x89SDBID\r\n"
GM = bytes.fromhex("2a811ccf5506010402")  # 1.2.156.10197.6.1.4.2
P7 = bytes.fromhex("2a864886f70d0107")    # 1.2.840.113549.1.7
SUITES = {
    "SM4-GCM": dict(hash="sm3", ecb="-sm4-ecb", cbc="-sm4-cbc", key=16, oid=GM, cipher="2a811ccf5501" + "6802"),
    "AES-256-GCM": dict(hash="sha256", ecb="-aes-256-ecb", cbc="-aes-256-cbc", key=32, oid=P7, cipher="60864801650304012a"),
}
RSA, SM2 = "2a864886f70d010101", "2a811ccf5501822d03"


class Wrong(Exception):
    def __init__(self, kind, part="", chunk=None):
        self.kind, self.part, self.chunk = kind, part, chunk

    def __str__(self):
        return " ".join([self.kind] + ([self.part] if self.part else []) + ([str(self.chunk)] if self.chunk is not None else []))


def need(condition, kind="malformed"):
    if not condition:
        raise Wrong(kind)


def openssl(*args, data=b""):
    run = subprocess.run(["openssl", *args], input=data, capture_output=True)
    return run.stdout if run.returncode == 0 else None


# DER, strictly (X.690, 10).

def tlv(b, at=0):
    """The element at an offset: tag, content, end."""
    need(at + 2 <= len(b))
    tag, n, at = b[at], b[at + 1], at + 2
    need(tag & 0x1F != 0x1F)
    if n >= 0x80:
        k = n & 0x7F
        need(1 <= k <= 4 and at + k <= len(b))
        n = int.from_bytes(b[at:at + k], "big")
        need(n >= 0x80 and b[at] != 0)
        at += k
    need(at + n <= len(b))
    return tag, b[at:at + n], at + n


def elements(b):
    out, at = [], 0
    while at < len(b):
        tag, content, end = tlv(b, at)
        out.append((tag, content, b[at:end]))
        at = end
    return out


def children(b, *tags):
    got = elements(b)
    need(len(got) == len(tags) and all(g[0] == t for g, t in zip(got, tags)))
    return got


def only(b, tag):
    return children(b, tag)[0][1]


class Cert:
    def __init__(self, der):
        self.der = der
        tbs = elements(only(der, 0x30))[0][1]
        fields = [f for f in elements(tbs) if f[0] != 0xA0]
        self.serial, self.issuer, self.key = fields[0][1], fields[2][2], fields[5][2]

    def serial_hex(self):
        return (self.serial.lstrip(b"\0") or b"\0").hex()


def pem(text, label):
    found = re.findall("-----BEGIN [^\n]*%s-----\n(.*?)-----END" % label, text, re.S)
    return [base64.b64decode(f) for f in found]


def read_keys(paths):
    return [(Cert(pem(open(p).read(), "CERTIFICATE")[0]), p) for p in paths]


# The manifest.

TEXT_NOT = set("\u2028\u2029\ufffd\u061c\u200e\u200f") | {chr(c) for c in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]}
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.I)
MEMBERS = {
    "": "bidder built chunkSize cipher commitments envelopes format id lot outline parts platform program recipients signer tender",
    "bidder": "code name", "certificate": "digest issuer serial", "part": "code digest envelope kind name size",
    "envelope": "digest key name", "commitment": "digest name part",
}


def text(s, most=500):
    return (0 < len(s.encode("utf-8", "replace")) <= most and s == s.strip()
            and not any(unicodedata.category(c) == "Cc" or c in TEXT_NOT or 0xD800 <= ord(c) < 0xE000 for c in s))


def members(o, kind, numbers=(), lists=(), objects=()):
    need(isinstance(o, dict) and set(o) == set(MEMBERS[kind].split()))
    for name, v in o.items():
        want = int if name in numbers else list if name in lists else dict if name in objects else str
        need(type(v) is want)


def canonical(o):
    return json.dumps(o, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def certificate(c):
    members(c, "certificate")
    return DIGEST.match(c["digest"]) and text(c["issuer"]) and re.match(r"([0-9a-f]{2}){1,64}\Z", c["serial"])


def strict(data, kind="malformed"):
    try:
        o = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Wrong(kind)
    need(canonical(o) == data, kind)
    return o


def read_manifest(data):
    try:
        later = json.loads(data.decode("utf-8", "replace"))
        need(not (type(later) is dict and type(later.get("format")) is int and later["format"] > 1), "future_version")
    except (ValueError, RecursionError):
        pass
    m = strict(data)
    members(m, "", ("chunkSize", "format"), ("commitments", "envelopes", "parts", "recipients"), ("bidder", "platform", "signer"))
    members(m["bidder"], "bidder")
    need(m["format"] == 1 and m["cipher"] in SUITES and 16 <= m["chunkSize"] <= 16 << 20 and re.match(r"[0-9a-f]{32}\Z", m["id"]))
    need(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", m["built"]))
    try:
        datetime.strptime(m["built"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Wrong("malformed")
    need(text(m["tender"]) and text(m["lot"]) and text(m["bidder"]["name"]) and text(m["bidder"]["code"], 64) and text(m["program"]))
    need(m["outline"] == "" or DIGEST.match(m["outline"]))
    need(certificate(m["signer"]) and all([certificate(r) for r in m["recipients"]]))
    need(certificate(m["platform"]) or not any(m["platform"].values()))
    need(1 <= len(m["parts"]) <= 1000 and len(m["envelopes"]) <= 16 and len(m["recipients"]) <= 8 and len(m["commitments"]) <= 16)
    need(not m["envelopes"] or m["recipients"])
    seen = set()

    def first(kind, name):
        key = (kind, name.lower())
        need(key not in seen)
        seen.add(key)

    for e in m["envelopes"]:
        members(e, "envelope")
        need(text(e["name"], 64) and DIGEST.match(e["digest"]) and DIGEST.match(e["key"]))
        first("envelope", e["name"])
    for p in m["parts"]:
        members(p, "part", ("size",))
        name = p["name"]
        need(CODE.match(p["code"]) and CODE.match(p["kind"]) and DIGEST.match(p["digest"]))
        need(text(name, 200) and not set(name) & set('/\\:*?"<>|') and name[0] != "." and name[-1] != "." and not DEVICE.match(name))
        first("code", p["code"]), first("name", name)
        need(p["envelope"] == "" or p["envelope"] in [e["name"] for e in m["envelopes"]])
        need(0 <= p["size"] <= 1 << 40 and chunks(m, p) <= 1 << 20)
    for e in m["envelopes"]:
        need(any(p["envelope"] == e["name"] for p in m["parts"]))
    for c in m["commitments"]:
        members(c, "commitment")
        first("commitment", c["name"])
        p = [p for p in m["parts"] if p["code"] == c["part"]]
        need(CODE.match(c["name"]) and DIGEST.match(c["digest"]) and p and p[0]["envelope"] and p[0]["kind"] == "opening" and p[0]["size"] <= 64 << 10)
    return m


def chunks(m, p):
    return max(1, -(-p["size"] // m["chunkSize"]))


# Envelopes.

class Envelope:
    def __init__(self, der, suite):
        outer = children(only(der, 0x30), 0x06, 0xA0)
        self.suite = next((s for s in SUITES.values() if outer[0][1] == s["oid"] + b"\x03"), None)
        need(self.suite is suite)
        version, infos, content = children(only(outer[1][1], 0x30), 0x02, 0x31, 0x30)
        need(version[1] in (b"\0", b"\1"))
        kind, algorithm, sealed = children(content[1], 0x06, 0x30, 0x80)
        need(kind[1] in (suite["oid"] + b"\x01", suite["oid"] + b"\x03"))
        self.closed, self.sealed = kind[1][-1] == 3, sealed[1]
        cipher, iv = children(algorithm[1], 0x06, 0x04)
        self.iv = iv[1]
        need(cipher[1].hex() == suite["cipher"] and len(self.iv) == 16 and self.sealed and len(self.sealed) % 16 == 0)
        self.recipients = []
        for tag, info, _ in elements(infos[1]):
            need(tag == 0x30)
            version, who, algorithm, given = children(info, 0x02, 0x30, 0x30, 0x04)
            issuer, serial = children(who[1], 0x30, 0x02)
            how = elements(algorithm[1])
            need(version[1] in (b"\0", b"\1") and how and how[0][1].hex() in (RSA, SM2) and [h[2] for h in how[1:]] in ([], [b"\5\0"]))
            self.recipients.append((issuer[2], serial[1], given[1]))
        need(0 < len(self.recipients) <= 32)

    def open(self, keys):
        for issuer, serial, given in self.recipients:
            for cert, path in keys:
                if (issuer, serial) == (cert.issuer, cert.serial):
                    return self.by(path, given)
        raise Wrong("no_key")

    def by(self, path, given):
        key = openssl("pkeyutl", "-decrypt", "-inkey", path, data=given)  # PKCS #1 v1.5 for RSA, SM2Cipher for SM2
        need(key and len(key) == self.suite["key"], "wrong_key")
        plain = openssl("enc", "-d", self.suite["cbc"], "-K", key.hex(), "-iv", self.iv.hex(), data=self.sealed)
        need(plain is not None, "wrong_key")
        return plain


# The bid.

def ghash(h, data):
    """GHASH (NIST SP 800-38D, 6.4) of whole blocks."""
    table, h = [], int.from_bytes(h, "big")
    for _ in range(128):
        table.append(h)
        h = h >> 1 ^ (0xE1 << 120 if h & 1 else 0)
    y = 0
    for at in range(0, len(data), 16):
        x, y = y ^ int.from_bytes(data[at:at + 16], "big"), 0
        for bit in range(128):
            if x >> 127 - bit & 1:
                y ^= table[bit]
    return y.to_bytes(16, "big")


def padded(b):
    return b + bytes(-len(b) % 16)


class Bid:
    def __init__(self, data):
        self.data = data
        need(data[:8] == MAGIC[:len(data[:8])] and data, "not_a_bid")
        need(len(data) >= 10, "cut")
        version, = struct.unpack(">H", data[8:10])
        need(version <= 1, "future_version")
        need(version == 1)
        need(len(data) >= 24, "cut")
        zero, manifest, signature, envelopes = struct.unpack(">HIII", data[10:24])
        need(zero == 0 and 0 < manifest <= 1 << 20 and 0 < signature <= 1 << 20 and envelopes <= 4 << 20)
        start = 24 + manifest + signature + envelopes
        need(len(data) >= start, "cut")
        self.raw = data[24:24 + manifest]
        self.m = read_manifest(self.raw)
        self.suite = SUITES[self.m["cipher"]]
        area = data[24 + manifest:start - envelopes]
        _, _, end = tlv(area)
        need(not any(area[end:]))
        self.signature, self.envelopes = area[:end], []
        area = data[start - envelopes:start]
        for e in self.m["envelopes"]:
            need(len(area) >= 4)
            n, = struct.unpack(">I", area[:4])
            need(len(area) - 4 >= n)
            self.envelopes.append(self.envelope(area[4:4 + n], e))
            area = area[4 + n:]
        need(not area)
        self.lay(start)

    def digest(self, *parts):
        return hashlib.new(self.suite["hash"], b"".join(parts)).digest()

    def envelope(self, der, e):
        env = Envelope(der, self.suite)
        need(env.closed or self.digest(der).hex() == e["digest"], "envelope_altered")
        need(not env.closed or self.m["platform"]["digest"])
        return env

    def lay(self, at):
        """Finds the lists of digests and the chunks."""
        size, m = self.m["chunkSize"], self.m
        self.lists, self.spans = {}, {}
        for p in m["parts"]:
            self.lists[p["code"]] = self.data[at:at + 32 * chunks(m, p)]
            at += 32 * chunks(m, p)
        short = Wrong("cut")
        for p in m["parts"]:
            tag, n = 16 if p["envelope"] else 0, chunks(m, p)
            if len(self.data) >= at:
                short = Wrong("cut", p["code"], min((len(self.data) - at) // (size + tag), n - 1))
            spans = []
            for i in range(n):
                length = min(size, p["size"] - i * size) + tag
                spans.append((at, at + length))
                at += length
            self.spans[p["code"]] = spans
        need(len(self.data) <= at, "appended")
        if len(self.data) < at:
            raise short

    def stored(self, code, i):
        a, b = self.spans[code][i]
        return self.data[a:b]

    def verify_signature(self):
        """One signer with attributes, by the certificate that the manifest names (RFC 5652, 5; GB/T 35275)."""
        try:
            outer = children(only(self.signature, 0x30), 0x06, 0xA0)
            signed = elements(only(outer[1][1], 0x30))
            prefix = outer[0][1][:-1]
            need(outer[0][1][-1:] == b"\2" and prefix in (GM, P7) and signed[2][1] == b"\6" + bytes([len(prefix) + 1]) + prefix + b"\1")
            certs = [Cert(c[2]) for c in elements(signed[3][1])]
            info = elements(only(signed[-1][1], 0x30))
            issuer, serial = children(info[1][1], 0x30, 0x02)
            cert = next(c for c in certs if (c.issuer, c.serial) == (issuer[2], serial[1]))
            hash_oid = elements(info[2][1])[0][1].hex()
            name = {"608648016503040201": "sha256", "2a811ccf55018311": "sm3"}[hash_oid]
            attributes = {a[0][1].hex(): only(a[1][1], elements(a[1][1])[0][0]) for a in (children(x[1], 0x06, 0x31) for x in elements(info[3][1]))}
            need(attributes["2a864886f70d010903"] == prefix + b"\1")
            need(attributes["2a864886f70d010904"] == hashlib.new(name, self.raw).digest())
            need(self.digest(cert.der).hex() == self.m["signer"]["digest"] and cert.serial_hex() == self.m["signer"]["serial"])
            body = b"\x31" + info[3][2][1:]
            with tempfile.TemporaryDirectory() as d:
                key, value = os.path.join(d, "key"), os.path.join(d, "value")
                open(value, "wb").write(info[5][1])
                open(key, "wb").write(b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(cert.key) + b"-----END PUBLIC KEY-----\n")
                more = ["-sigopt", "distid:1234567812345678"] if name == "sm3" else []
                need(openssl("dgst", "-" + name, *more, "-verify", key, "-signature", value, data=body) is not None)
        except (Wrong, LookupError, StopIteration):
            raise Wrong("bad_signature")

    def verify_contents(self):
        home = {}
        for p in self.m["parts"]:
            code = p["code"]
            if self.digest(self.lists[code]).hex() == p["digest"]:
                for i in range(chunks(self.m, p)):
                    home.setdefault(self.lists[code][32 * i:32 * i + 32], (code, i))
        for p in self.m["parts"]:
            self.verify_part(p, home)

    def verify_part(self, p, home):
        code, n = p["code"], chunks(self.m, p)
        need_list = self.digest(self.lists[code]).hex() == p["digest"]
        if not need_list:
            raise Wrong("digests_altered", code)
        signed = [self.lists[code][32 * i:32 * i + 32] for i in range(n)]
        real = [self.digest(self.stored(code, i)) for i in range(n)]
        wrong = [i for i in range(n) if real[i] != signed[i]]
        if not wrong:
            return
        for i in wrong:
            if real[i] not in home:
                raise Wrong("altered", code, i)
        moved = {home[real[i]][1] for i in wrong if home[real[i]][0] == code}
        if moved == set(wrong):
            raise Wrong("swapped" if len(wrong) == 2 else "reordered", code, wrong[0])
        other, j = home[real[wrong[0]]]
        back = other != code and self.digest(self.stored(other, j)) == signed[wrong[0]]
        raise Wrong("swapped" if back else "repeated", code, wrong[0])

    def derive(self, secret, label, name, n):
        """HKDF (RFC 5869)."""
        h = self.suite["hash"]
        prk = hmac.new(bytes.fromhex(self.m["id"]), secret, h).digest()
        return hmac.new(prk, b"sealdesk bid %s\0" % label + name.encode() + b"\1", h).digest()[:n]

    def secrets(self, keys):
        out = {}
        for env, e in zip(self.envelopes, self.m["envelopes"]):
            if env.closed:
                try:
                    env = self.envelope(env.open(keys), e)
                except Wrong as w:
                    raise w
                need(not env.closed, "envelope_altered")
            secret = env.open(keys)
            need(len(secret) == 32 and self.derive(secret, b"check", e["name"], 32).hex() == e["key"], "wrong_key")
            out[e["name"]] = secret
        return out

    def read(self, p, secrets):
        n, code = chunks(self.m, p), p["code"]
        stored = [self.stored(code, i) for i in range(n)]
        if not p["envelope"]:
            return b"".join(stored)
        m = self.m
        key = self.derive(secrets[p["envelope"]], b"part", code, self.suite["key"])
        aad = self.digest(canonical(dict(bidder=m["bidder"]["code"], chunkSize=m["chunkSize"], cipher=m["cipher"], envelope=p["envelope"],
                                         format=1, id=m["id"], kind=p["kind"], lot=m["lot"], part=code, size=p["size"], tender=m["tender"])))
        # GCM by ECB: H, then for each chunk the block of the tag and those of the content.
        blocks, at = [bytes(16)], []
        for i, s in enumerate(stored):
            at.append(len(blocks))
            nonce = bytes(3) + struct.pack(">Q", i) + bytes([i == n - 1])
            blocks += [nonce + struct.pack(">I", c) for c in range(1, 2 + (len(s) - 16 + 15) // 16)]
        stream = openssl("enc", self.suite["ecb"], "-K", key.hex(), "-nopad", data=b"".join(blocks))
        plain = []
        for i, s in enumerate(stored):
            body, tag, begin = s[:-16], s[-16:], at[i] * 16
            sum_ = ghash(stream[:16], padded(aad) + padded(body) + struct.pack(">QQ", 8 * len(aad), 8 * len(body)))
            if bytes(a ^ b for a, b in zip(sum_, stream[begin:])) != tag:
                raise Wrong("not_authentic", code, i)
            plain.append(bytes(a ^ b for a, b in zip(body, stream[begin + 16:])))
        return b"".join(plain)

    def price(self, contents):
        m = self.m
        for c in m["commitments"]:
            if c["name"] != "price":
                continue
            o = strict(contents[c["part"]].rstrip(b" "), "price_mismatch")
            ok = (type(o) is dict and set(o) == {"fields", "nonce"} and type(o["fields"]) is list and 0 < len(o["fields"]) <= 64
                  and all(type(f) is dict and set(f) == {"capitals", "name", "value"} and all(type(v) is str for v in f.values()) for f in o["fields"])
                  and type(o["nonce"]) is str and re.match(r"[0-9a-fA-F]{32}\Z", o["nonce"]))
            need(ok, "price_mismatch")
            names = [f["name"] for f in o["fields"]]
            need(len(set(names)) == len(names) and all(text(n, 100) for n in names), "price_mismatch")
            need(all(f[k] == "" or text(f[k]) for f in o["fields"] for k in ("value", "capitals")), "price_mismatch")
            data = b"sealdesk bid price\0"
            for part in (m["tender"].encode(), m["lot"].encode(), m["bidder"]["code"].encode(), canonical(o["fields"])):
                data += struct.pack(">I", len(part)) + part
            need(self.digest(data + bytes.fromhex(o["nonce"])).hex() == c["digest"], "price_mismatch")
            return o["fields"]


def decode(data, keys):
    b = Bid(data)
    b.verify_signature()
    b.verify_contents()
    secrets = b.secrets(keys)
    contents = {p["code"]: b.read(p, secrets) for p in b.m["parts"]}
    return b, contents, b.price(contents)


def vector(path):
    head, _, body = open(path).read().partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.split("\n"))
    folder = os.path.join(os.path.dirname(path), "keys")
    keys = read_keys(os.path.join(folder, k + ".pem") for k in fields["keys"].split())
    try:
        b, contents, _ = decode(base64.b64decode(body), keys)
    except Wrong as w:
        return str(w)
    own = b"".join(contents[p["code"]] for p in b.m["parts"] if p["kind"] != "opening")
    return "ok " + hashlib.sha256(own).hexdigest()


def main(args):
    if args[:1] == ["--vectors"]:
        names = sorted(n for n in os.listdir(args[1]) if n.endswith(".vec"))
        with ThreadPoolExecutor(4) as pool:
            for name, said in zip(names, pool.map(lambda n: vector(os.path.join(args[1], n)), names)):
                print(name[:-4], said)
        return 0
    out = None
    if "-o" in args:
        at = args.index("-o")
        out, args = args[at + 1], args[:at] + args[at + 2:]
    try:
        b, contents, price = decode(open(args[0], "rb").read(), read_keys(args[1:]))
    except Wrong as w:
        print(w)
        return 1
    if out:
        for p in b.m["parts"]:
            with open(os.path.join(out, p["name"]), "xb") as f:
                f.write(contents[p["code"]])
    for f in price or []:
        print(f["name"], f["value"], f["capitals"])
    print("ok")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3 and "--vectors" not in sys.argv[1:] or len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
