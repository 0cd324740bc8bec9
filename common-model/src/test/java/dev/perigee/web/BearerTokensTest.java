package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.perigee.web.TokenProperties.Token;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BearerTokensTest {

    /** Of "abc": FIPS 180-2, appendix B.1. */
    private static final String SHA_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static Token value(String name, String value, Role... roles) {
        return new Token(name, null, value, Set.of(roles), null);
    }

    @Test
    void knowsATokenByItsDigestOrItsValue() {
        BearerTokens tokens = new BearerTokens(List.of(
                new Token("digest", SHA_OF_ABC, null, Set.of(Role.EDGE), "edge-a"),
                value("value", "plain", Role.ADMIN, Role.METRICS)));
        assertThat(tokens.authenticate("abc"))
                .isEqualTo(new BearerTokens.Grant("digest", Set.of(Role.EDGE), "edge-a", null));
        assertThat(tokens.authenticate("plain").roles()).containsExactlyInAnyOrder(Role.ADMIN, Role.METRICS);
        assertThat(tokens.authenticate("ABC")).isNull();
        assertThat(tokens.authenticate("")).isNull();
        assertThat(tokens.authenticate(SHA_OF_ABC)).isNull();
        assertThat(tokens.authenticate("x".repeat(513))).isNull();
    }

    @Test
    void refusesTokensThatMakeNoSense() {
        refused(new Token("both", SHA_OF_ABC, "v", Set.of(Role.EDGE), null));
        refused(new Token("neither", null, null, Set.of(Role.EDGE), null));
        refused(new Token("short", SHA_OF_ABC.substring(1), null, Set.of(Role.EDGE), null));
        refused(new Token("roleless", null, "v", Set.of(), null));
        refused(new Token("roleless", null, "v", null, null));
        refused(new Token("blank", null, " ", Set.of(Role.EDGE), null));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new BearerTokens(List.of(value("one", "same", Role.EDGE), value("two", "same", Role.ADMIN))));
    }

    private static void refused(Token token) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BearerTokens(List.of(token)))
                .withMessageContaining(token.name());
    }

    @Test
    void secretsAreNotPrinted() {
        assertThat(value("name", "s3cret", Role.EDGE).toString())
                .doesNotContain("s3cret")
                .contains("name");
        assertThat(new TokenProperties(List.of(value("name", "s3cret", Role.EDGE))).toString())
                .doesNotContain("s3cret");
    }

    @Test
    void generatedTokensDiffer() {
        Set<String> generated = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            String token = BearerTokens.generate();
            assertThat(token).matches("[A-Za-z0-9_-]{32}");
            generated.add(token);
        }
        assertThat(generated).hasSize(100);
    }
}
