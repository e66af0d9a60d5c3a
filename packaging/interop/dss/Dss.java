import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.SignatureFieldParameters;
import eu.europa.esig.dss.pades.SignatureImageParameters;
import eu.europa.esig.dss.pades.SignatureImageTextParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore.PasswordProtection;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Validates and signs with the European Commission's DSS. packaging/interop/dss.sh FOLDER fetches it and compiles this:
 *
 * <pre>
 * java -cp 'FOLDER/lib/*:FOLDER/classes' Dss validate [--roots FILE.pem] [--at 2026-11-25T12:00:00Z] [--content FILE] [--offline] FILE...
 * java -cp … Dss sign --pfx FILE --password WORD [--level B|T|LT|LTA] [--tsa URL] [--roots FILE.pem] [--visible]
 *                     [--certify 1|2|3] [--detached] IN OUT
 * java -cp … Dss &lt; COMMANDS
 * </pre>
 *
 * Without arguments it reads such commands from the standard input, one a line with tabs between the words, as a virtual
 * machine starts slowly. It answers in lines of JSON: validate one a signature, with "file", "indication", "subIndication",
 * "level", "signedAt", "covers" (FULL or PARTIAL: whether the last revision is signed), "changes" (what DSS takes for a
 * modification afterwards) and "errors"; sign one with "file". A command that fails answers with "file" and "failure", and
 * the status of one given as arguments is 1 then.
 *
 * Roots are trusted for signers, time stamps and revocation alike. Revocation is asked online where the certificates say,
 * unless --offline; for LT and LTA it is what sign puts into the file.
 */
public final class Dss {
    private final Map<String, String> options = new LinkedHashMap<>();
    private final List<String> files = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            System.exit(new Dss().run(args) ? 0 : 1);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            new Dss().run(line.split("\t"));
        }
    }

    private boolean run(String[] words) {
        for (int i = 1; i < words.length; i++) {
            if (!words[i].startsWith("--")) {
                files.add(words[i]);
            } else if (List.of("--visible", "--detached", "--offline").contains(words[i])) {
                options.put(words[i], "");
            } else {
                options.put(words[i], words[++i]);
            }
        }
        boolean good = true;
        if (words[0].equals("sign")) {
            return tried(files.get(1), () -> sign(files.get(0), files.get(1)));
        }
        for (String file : files) {
            good &= tried(file, () -> validate(file));
        }
        return good;
    }

    private interface Work {
        void run() throws Exception;
    }

    private static boolean tried(String file, Work work) {
        try {
            work.run();
            return true;
        } catch (Exception | LinkageError e) {
            print(file, Map.of("failure", e.toString()));
            return false;
        }
    }

    /** The verifier asks online for revocation, and trusts the roots. */
    private CommonCertificateVerifier verifier() throws Exception {
        CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
        if (options.containsKey("--roots")) {
            try (InputStream in = new FileInputStream(options.get("--roots"))) {
                for (var c : CertificateFactory.getInstance("X.509", new org.bouncycastle.jce.provider.BouncyCastleProvider()).generateCertificates(in)) {
                    trusted.addCertificate(new CertificateToken((X509Certificate) c));
                }
            }
        }
        CommonCertificateVerifier v = new CommonCertificateVerifier();
        v.setTrustedCertSources(trusted);
        if (!options.containsKey("--offline")) {
            v.setOcspSource(new OnlineOCSPSource());
            v.setCrlSource(new OnlineCRLSource());
        }
        v.setAIASource(null);
        return v;
    }

    private void validate(String file) throws Exception {
        SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(file));
        v.setCertificateVerifier(verifier());
        if (options.containsKey("--at")) {
            v.setValidationTime(Date.from(Instant.parse(options.get("--at"))));
        }
        if (options.containsKey("--content")) {
            v.setDetachedContents(List.of(new FileDocument(options.get("--content"))));
        }
        var reports = v.validateDocument();
        var simple = reports.getSimpleReport();
        if (simple.getSignatureIdList().isEmpty()) {
            throw new IllegalStateException("no signature was found");
        }
        for (String id : simple.getSignatureIdList()) {
            var revision = reports.getDiagnosticData().getSignatureById(id).getPDFRevision();
            Map<String, Object> said = new LinkedHashMap<>();
            said.put("fields", revision == null ? 0 : revision.getSignatureFieldNames().size());
            said.put("indication", simple.getIndication(id));
            said.put("subIndication", simple.getSubIndication(id));
            said.put("level", simple.getSignatureFormat(id));
            said.put("signedAt", simple.getSigningTime(id) == null ? null : simple.getSigningTime(id).toInstant());
            var scopes = simple.getSignatureScopes(id);
            said.put("covers", scopes.isEmpty() ? null : scopes.get(0).getScope());
            List<String> errors = new ArrayList<>();
            simple.getAdESValidationErrors(id).forEach(m -> errors.add(m.getValue()));
            said.put("errors", String.join(" ", errors));
            List<String> changes = new ArrayList<>();
            if (revision != null) {
                revision.getPdfUndefinedChanges().forEach(c -> changes.add(c.getValue()));
                revision.getPdfAnnotationChanges().forEach(c -> changes.add(c.getValue()));
            }
            said.put("changes", String.join(" ", changes));
            print(file, said);
        }
    }

    private void sign(String in, String out) throws Exception {
        String level = options.getOrDefault("--level", "B");
        try (Pkcs12SignatureToken token = new Pkcs12SignatureToken(new File(options.get("--pfx")), new PasswordProtection(options.get("--password").toCharArray()))) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            DSSDocument document = new FileDocument(in);
            OnlineTSPSource stamps = options.containsKey("--tsa") ? new OnlineTSPSource(options.get("--tsa")) : null;
            DSSDocument signed;
            if (options.containsKey("--detached")) {
                CAdESSignatureParameters p = new CAdESSignatureParameters();
                p.setSignatureLevel(SignatureLevel.valueOf("CAdES_BASELINE_" + level));
                p.setSignaturePackaging(SignaturePackaging.DETACHED);
                p.setSigningCertificate(key.getCertificate());
                p.setCertificateChain(key.getCertificateChain());
                p.setDigestAlgorithm(DigestAlgorithm.SHA256);
                CAdESService service = new CAdESService(verifier());
                service.setTspSource(stamps);
                ToBeSigned data = service.getDataToSign(document, p);
                signed = service.signDocument(document, p, token.sign(data, p.getDigestAlgorithm(), key));
            } else {
                PAdESSignatureParameters p = new PAdESSignatureParameters();
                p.setSignatureLevel(SignatureLevel.valueOf("PAdES_BASELINE_" + level));
                p.setSigningCertificate(key.getCertificate());
                p.setCertificateChain(key.getCertificateChain());
                p.setDigestAlgorithm(DigestAlgorithm.SHA256);
                p.setReason("contract");
                if (options.containsKey("--certify")) {
                    p.setPermission(CertificationPermission.fromCode(Integer.parseInt(options.get("--certify"))));
                }
                if (options.containsKey("--visible")) {
                    p.setImageParameters(visible());
                }
                PAdESService service = new PAdESService(verifier());
                service.setTspSource(stamps);
                ToBeSigned data = service.getDataToSign(document, p);
                signed = service.signDocument(document, p, token.sign(data, p.getDigestAlgorithm(), key));
            }
            signed.save(out);
        }
        print(out, Map.of());
    }

    private static SignatureImageParameters visible() {
        SignatureFieldParameters field = new SignatureFieldParameters();
        field.setPage(1);
        field.setOriginX(100);
        field.setOriginY(100);
        field.setWidth(120);
        field.setHeight(60);
        SignatureImageTextParameters text = new SignatureImageTextParameters();
        text.setText("Signed by DSS");
        SignatureImageParameters image = new SignatureImageParameters();
        image.setFieldParameters(field);
        image.setTextParameters(text);
        return image;
    }

    private static void print(String file, Map<String, ?> said) {
        StringBuilder b = new StringBuilder("{\"file\":").append(quoted(file));
        said.forEach((k, v) -> b.append(",").append(quoted(k)).append(":").append(v instanceof Number ? v.toString() : quoted(v == null ? "" : v.toString())));
        System.out.println(b.append("}"));
        System.out.flush();
    }

    private static String quoted(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray()) {
            b.append(c < 0x20 || c == '"' || c == '\\' || c > 0x7e ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return b.append("\"").toString();
    }
}
