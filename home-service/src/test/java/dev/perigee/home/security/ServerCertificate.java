package dev.perigee.home.security;

import dev.perigee.testing.Authority;
import java.nio.file.Path;
import org.springframework.test.context.DynamicPropertyRegistry;

/** The SSL bundle {@code web} of a server under test. */
final class ServerCertificate {

    private ServerCertificate() {}

    /** Of this authority, which it also trusts, in files {@code web.crt}, {@code web.key} and {@code trust.crt}. */
    static void register(Authority authority, Path files, DynamicPropertyRegistry registry) {
        Authority.write(authority.server(), files, "web");
        Path trust = authority.writeTrust(files.resolve("trust.crt"));
        registry.add(
                "spring.ssl.bundle.pem.web.keystore.certificate",
                () -> files.resolve("web.crt").toString());
        registry.add(
                "spring.ssl.bundle.pem.web.keystore.private-key",
                () -> files.resolve("web.key").toString());
        registry.add("spring.ssl.bundle.pem.web.truststore.certificate", trust::toString);
    }
}
