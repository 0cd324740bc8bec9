package dev.perigee.home.query;

/**
 * One token of a statement.
 *
 * @param kind what it is
 * @param text of a word, folded to lower case; of a quoted identifier or a string, what it stands for; of a parameter,
 *     its digits; otherwise as written
 */
record Token(Kind kind, String text) {

    /** What a token can be. */
    enum Kind {
        /** A keyword or an unquoted identifier. */
        WORD,
        /** A quoted identifier. */
        QUOTED,
        /** A string constant, of any notation. */
        STRING,
        /** {@code $1}. */
        PARAMETER,
        NUMBER,
        OPERATOR,
        /** One of {@code , ( ) [ ] . ; : ::}. */
        PUNCTUATION
    }

    boolean isName() {
        return kind == Kind.WORD || kind == Kind.QUOTED;
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equals(word);
    }

    boolean is(String punctuation) {
        return kind == Kind.PUNCTUATION && text.equals(punctuation);
    }
}
