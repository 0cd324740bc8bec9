package dev.perigee.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimeWordsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "now",
                "TODAY",
                " tomorrow ",
                "{2020-01-01,Yesterday}",
                "{to\\day}",
                "[to\"day\",)",
                "(1,\"now\")",
                "n\\ow",
                "énow",
                "now1"
            })
    void findsTheWordsWhereverTheyAre(String text) {
        assertThat(TimeWords.in(text)).as(text).isTrue();
        String bytes = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(TimeWords.in(bytes)).as("%s as Latin-1", text).isEqualTo(TimeWords.in(text));
    }

    @Test
    void leavesOtherWordsAlone() {
        for (String text : List.of("", "know", "nowhere", "todays", "2020-01-01", "to day")) {
            assertThat(TimeWords.in(text)).as(text).isFalse();
        }
    }
}
