package dev.perigee.web;

import dev.perigee.model.EdgeRegistration;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds which edge a client's certificate is for. That somebody trusted has issued it, and that the client has its key, TLS
 * has seen to. Immutable, thread-safe.
 */
final class EdgeCertificates {

    /** Of a subject alternative name: uniformResourceIdentifier (RFC 5280, 4.2.1.6). */
    private static final int URI = 6;

    private final @Nullable String prefix;

    EdgeCertificates(MtlsProperties properties) {
        this.prefix = properties.edgeUri();
    }

    /** What the certificate stands for; null if it is not an edge's, or of more than one. */
    BearerTokens.@Nullable Grant find(X509Certificate certificate) {
        String begin = prefix;
        if (begin == null) {
            return null;
        }
        List<String> ids = uris(certificate).stream()
                .filter(uri -> uri.startsWith(begin))
                .map(uri -> uri.substring(begin.length()))
                .toList();
        if (ids.size() != 1 || !EdgeRegistration.isEdgeId(ids.get(0))) {
            return null;
        }
        return new BearerTokens.Grant(
                "certificate of " + ids.get(0),
                Set.copyOf(EnumSet.of(Role.EDGE)),
                ids.get(0),
                certificate.getNotAfter().toInstant());
    }

    private static List<String> uris(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream()
                            .filter(name -> name.get(0).equals(URI))
                            .map(name -> String.valueOf(name.get(1)))
                            .toList();
        } catch (CertificateParsingException malformed) {
            return List.of();
        }
    }
}
