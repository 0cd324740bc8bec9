package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.edge.pgwire.PgWireProperties.HostAndPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PgWirePropertiesTest {

    @Test
    void whatHoldsIfNothingIsSaid() {
        PgWireProperties properties = EdgeFixture.properties("port", "6432");
        assertThat(properties.upstream()).isEqualTo("home");
        assertThat(properties.database()).isNull();
        assertThat(properties.tls()).isEqualTo(TlsMode.DISABLE);
        assertThat(properties.maxMessageSize().toBytes()).isEqualTo((1 << 30) - 1);
        assertThat(EdgeFixture.properties("upstream", "db:5432").tls()).isEqualTo(TlsMode.PREFER);
        assertThat(EdgeFixture.properties("tls-mode", "verify-ca").tls()).isEqualTo(TlsMode.VERIFY_CA);
    }

    @ParameterizedTest
    @CsvSource({
        "db.internal:5432, db.internal, 5432",
        "127.0.0.1:1, 127.0.0.1, 1",
        "[::1]:65535, ::1, 65535",
        "a_b:5, a_b, 5"
    })
    void whereTheDatabaseIs(String text, String host, int port) {
        assertThat(EdgeFixture.properties("upstream", text).database()).isEqualTo(new HostAndPort(host, port));
        assertThat(new HostAndPort(host, port)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "upstream=db",
                "upstream=db:0",
                "upstream=db:65536",
                "upstream=::1:5432",
                "upstream=db/x:5432",
                "upstream=:5432",
                "port=65536",
                "port=-1",
                "tls-mode=verify-full",
                "require-tls=true",
                "max-connections=0",
                "startup-timeout=0",
                "startup-timeout=2h",
                "idle-timeout=-1s",
                "connect-timeout=0",
                "max-message-size=1GB",
                "max-result-size=-1B",
            })
    void whatMakesNoSenseIsRefusedByName(String setting) {
        String[] parts = setting.split("=", -1);
        assertThatThrownBy(() -> EdgeFixture.properties(parts[0], parts[1]))
                .rootCause()
                .hasMessageContaining("perigee.edge.pgwire.");
    }
}
