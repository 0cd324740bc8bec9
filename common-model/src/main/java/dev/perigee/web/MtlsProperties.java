package dev.perigee.web;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What the certificates of clients stand for (mutual TLS). The server has to ask for them: {@code server.ssl.client-auth}.
 *
 * @param edgeUri what the URI in the certificate of an edge (a subject alternative name, as SPIFFE has it) begins with, such
 *     as spiffe://example.org/perigee/edge/; the rest of it is the only edge id that the edge may use. It ends with
 *     a slash. If absent, certificates stand for nothing
 */
@ConfigurationProperties("perigee.security.mtls")
public record MtlsProperties(@Nullable String edgeUri) {

    public MtlsProperties {
        edgeUri = edgeUri == null || edgeUri.isBlank() ? null : edgeUri.strip();
        if (edgeUri != null && !isPrefix(edgeUri)) {
            throw new IllegalArgumentException(
                    "perigee.security.mtls.edge-uri must be an absolute URI that ends with a slash, such as"
                            + " spiffe://example.org/perigee/edge/");
        }
    }

    private static boolean isPrefix(String uri) {
        try {
            URI parsed = URI.create(uri);
            return parsed.isAbsolute() && parsed.getRawAuthority() != null && uri.endsWith("/");
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}
