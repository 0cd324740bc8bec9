package dev.perigee.home.query;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * What stands directly within each pair of parentheses or brackets, found in one walk: statements nest as deep as they
 * like, and to look through each pair by itself would take a time that grows with the square. Immutable.
 */
final class Parentheses {

    private static final Set<String> OPEN = Set.of("(", "[");
    private static final Set<String> CLOSE = Set.of(")", "]");

    /** Where one of these stands, commas do not separate arguments, or not only. */
    private static final Set<String> NOT_ARGUMENTS =
            Set.of("order", "from", "for", "placing", "in", "similar", "using", "variadic", "select");

    private static final int NOWHERE = -1;

    private final int[] arguments;
    private final int[] firstAs;

    private static final class Pair {
        private final int open;
        private int commas;
        private boolean unknown;

        Pair(int open) {
            this.open = open;
        }
    }

    Parentheses(List<Token> tokens) {
        arguments = new int[tokens.size()];
        firstAs = new int[tokens.size()];
        Arrays.fill(arguments, FunctionCall.UNKNOWN);
        Arrays.fill(firstAs, NOWHERE);
        Deque<Pair> around = new ArrayDeque<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            Pair inner = around.peek();
            if (isAny(token, OPEN)) {
                around.push(new Pair(i));
            } else if (inner != null && isAny(token, CLOSE)) {
                around.pop();
                close(inner, i, tokens);
            } else if (inner != null) {
                within(inner, i, token);
            }
        }
    }

    private void close(Pair pair, int at, List<Token> tokens) {
        // An ordered-set aggregate has further arguments.
        boolean within = at + 1 < tokens.size() && tokens.get(at + 1).isWord("within");
        if (!pair.unknown && !within) {
            arguments[pair.open] = at == pair.open + 1 ? 0 : pair.commas + 1;
        }
    }

    private void within(Pair pair, int at, Token token) {
        if (token.kind() == Token.Kind.WORD) {
            pair.unknown |= NOT_ARGUMENTS.contains(token.text());
            if (firstAs[pair.open] == NOWHERE && token.text().equals("as")) {
                firstAs[pair.open] = at;
            }
        } else if (token.is(",")) {
            pair.commas++;
        } else if (token.kind() == Token.Kind.OPERATOR && token.text().equals("=>")) {
            pair.unknown = true;
        }
    }

    private static boolean isAny(Token token, Set<String> punctuation) {
        return token.kind() == Token.Kind.PUNCTUATION && punctuation.contains(token.text());
    }

    /** How many arguments stand behind this parenthesis; unknown if anything else but arguments may stand there. */
    int arguments(int open) {
        return arguments[open];
    }

    /** Where the first AS directly behind this parenthesis is; negative if there is none. */
    int firstAs(int open) {
        return firstAs[open];
    }
}
