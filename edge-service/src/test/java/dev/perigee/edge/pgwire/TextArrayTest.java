package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextArrayTest {

    @Test
    void elementsAreReadAsTheServerWritesThem() {
        assertThat(TextArray.elements("{}")).isEmpty();
        assertThat(TextArray.elements("{pg_catalog,public}")).containsExactly("pg_catalog", "public");
        assertThat(TextArray.elements("{\"\",\"a,b}\",\"say \\\"x\\\" \\\\\",c}"))
                .containsExactly("", "a,b}", "say \"x\" \\", "c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "a", "{a", "{\"a}", "{a}}", "{a}b}", "{\"a\"b}"})
    void whatIsNoArrayIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> TextArray.elements(text));
    }
}
