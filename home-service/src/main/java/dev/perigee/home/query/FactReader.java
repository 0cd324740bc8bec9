package dev.perigee.home.query;

import dev.perigee.model.TimeWords;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@link StatementFacts} off the tokens of one query, and refuses what the text alone forbids.
 *
 * <p>It takes no grammar to be safe here. Whatever calls code in SQL is one of: a name before a parenthesis, a name
 * after a dot, an operator, a cast, or a keyword with a meaning of its own. All of these are collected wherever they
 * stand, so no corner of the statement can be overlooked; what is collected in vain only makes the answer stricter.
 */
final class FactReader {

    private static final Set<String> VOLATILE_WORDS = Set.of(
            "current_date",
            "current_time",
            "current_timestamp",
            "localtime",
            "localtimestamp",
            "current_user",
            "current_role",
            "session_user",
            "system_user",
            "user",
            "current_catalog",
            "current_schema",
            "tablesample");

    /** Of a row, these change without any change that the feed would show (VACUUM FULL, FOR UPDATE, freezing). */
    private static final Set<String> SYSTEM_COLUMNS = Set.of("ctid", "xmin", "xmax", "cmin", "cmax");

    /** Syntax with a RETURNING or COLUMNS clause of its own, which casts in ways that are not looked into. */
    private static final Set<String> OPAQUE_CALLS = Set.of(
            "json",
            "json_array",
            "json_arrayagg",
            "json_exists",
            "json_object",
            "json_objectagg",
            "json_query",
            "json_scalar",
            "json_serialize",
            "json_table",
            "json_value",
            "merge_action",
            "treat",
            "xmlconcat",
            "xmlelement",
            "xmlexists",
            "xmlforest",
            "xmlnamespaces",
            "xmlparse",
            "xmlpi",
            "xmlroot",
            "xmlserialize",
            "xmltable");

    /** Keywords for types that take modifiers in parentheses; not callable unless quoted. */
    private static final Set<String> TYPE_WORDS = Set.of(
            "bit",
            "char",
            "character",
            "dec",
            "decimal",
            "float",
            "interval",
            "national",
            "nchar",
            "numeric",
            "time",
            "timestamp",
            "varchar");

    private final List<Token> tokens;
    private final Parentheses parentheses;
    private final Set<String> scalars;
    private final Set<FunctionCall> calls = new LinkedHashSet<>();
    private final Set<String> attributes = new LinkedHashSet<>();
    private final Set<String> projections = new LinkedHashSet<>();
    private final Set<String> operators = new LinkedHashSet<>(Set.of("=", "<>", "<", ">", "<=", ">="));
    private final Set<TypeUse> types = new LinkedHashSet<>();
    private final Set<Integer> parameters = new HashSet<>();

    FactReader(List<Token> tokens) {
        this.tokens = tokens;
        this.parentheses = new Parentheses(tokens);
        this.scalars = scalars(tokens);
    }

    StatementFacts read() throws NotCacheableException {
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            switch (token.kind()) {
                case WORD -> {
                    word(i);
                    name(i);
                }
                case QUOTED -> name(i);
                case STRING -> string(token);
                case PARAMETER -> parameters.add(parameter(token));
                case OPERATOR -> operators.add(token.text());
                case PUNCTUATION -> punctuation(i);
                case NUMBER -> {}
            }
        }
        return new StatementFacts(calls, attributes, projections, operators, types, parameters);
    }

    private static void string(Token token) throws NotCacheableException {
        if (TimeWords.in(token.text())) {
            throw new NotCacheableException(Reason.VOLATILE_FUNCTION, "a string with a word such as now or today");
        }
    }

    private void word(int i) throws NotCacheableException {
        String word = tokens.get(i).text();
        boolean label = i > 0 && (tokens.get(i - 1).is(".") || tokens.get(i - 1).isWord("as"));
        if (SYSTEM_COLUMNS.contains(word)) {
            throw new NotCacheableException(Reason.UNSUPPORTED, "the system column " + word);
        }
        if (label) {
            return;
        }
        if (VOLATILE_WORDS.contains(word)) {
            throw new NotCacheableException(Reason.VOLATILE_FUNCTION, word);
        }
        switch (word) {
            case "into" -> throw new NotCacheableException(Reason.WRITE, "SELECT INTO");
            case "for" -> {
                if (isAnyWord(i + 1, "update", "share", "no", "key")) {
                    throw new NotCacheableException(
                            Reason.LOCKING, "FOR " + tokens.get(i + 1).text());
                }
            }
            case "collation" -> {
                if (isAnyWord(i + 1, "for")) {
                    throw new NotCacheableException(Reason.VOLATILE_FUNCTION, "COLLATION FOR");
                }
            }
            case "at" -> {
                if (isAnyWord(i + 1, "time", "local")) {
                    calls.add(new FunctionCall("pg_catalog", "timezone", FunctionCall.UNKNOWN));
                }
            }
            case "overlaps" -> calls.add(new FunctionCall("pg_catalog", "overlaps", FunctionCall.UNKNOWN));
            case "like", "ilike", "similar" -> operators.addAll(Set.of("~~", "!~~", "~~*", "!~~*", "~", "!~"));
            default -> {}
        }
    }

    private boolean isAnyWord(int i, String... words) {
        for (String word : words) {
            if (i < tokens.size() && tokens.get(i).isWord(word)) {
                return true;
            }
        }
        return false;
    }

    private void name(int i) throws NotCacheableException {
        Token token = tokens.get(i);
        boolean qualified = i > 0 && tokens.get(i - 1).is(".");
        if (i + 1 < tokens.size() && tokens.get(i + 1).is("(")) {
            if (token.kind() == Token.Kind.WORD && !qualified) {
                if (OPAQUE_CALLS.contains(token.text())) {
                    throw new NotCacheableException(Reason.UNSUPPORTED, token.text());
                }
                if (token.text().equals("cast")) {
                    cast(i + 1);
                    return;
                }
                if (TYPE_WORDS.contains(token.text())) {
                    return;
                }
            }
            if (i > 0 && (tokens.get(i - 1).isWord("with") || tokens.get(i - 1).isWord("recursive"))) {
                return; // the names of a common table expression and of its columns
            }
            calls.add(new FunctionCall(qualified ? qualifier(i) : null, token.text(), parentheses.arguments(i + 1)));
        } else if (qualified) {
            if (token.kind() == Token.Kind.QUOTED && SYSTEM_COLUMNS.contains(token.text())) {
                throw new NotCacheableException(Reason.UNSUPPORTED, "the system column " + token.text());
            }
            attributes.add(token.text());
            if (mayBeOfScalar(i - 2)) {
                projections.add(token.text());
            }
        } else if (token.kind() == Token.Kind.QUOTED && SYSTEM_COLUMNS.contains(token.text())) {
            throw new NotCacheableException(Reason.UNSUPPORTED, "the system column " + token.text());
        }
    }

    /**
     * Whether what stands before a dot may be a value that is no row: an expression, or a function in FROM (there
     * {@code g} in {@code unnest(x) g} is the element itself). To PostgreSQL {@code (x).f} is {@code f(x)} whatever the
     * type of x.
     */
    private boolean mayBeOfScalar(int i) {
        return i < 0
                || !tokens.get(i).isName()
                || scalars.contains(tokens.get(i).text());
    }

    /** Every name that is called, or stands behind a parenthesis and so may be an alias. */
    private static Set<String> scalars(List<Token> tokens) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).isName()) {
                int before = i > 0 && tokens.get(i - 1).isWord("as") ? i - 2 : i - 1;
                boolean alias = before >= 0 && tokens.get(before).is(")");
                boolean called = i + 1 < tokens.size() && tokens.get(i + 1).is("(");
                if (alias || called) {
                    names.add(tokens.get(i).text());
                }
            }
        }
        return names;
    }

    private String qualifier(int i) throws NotCacheableException {
        boolean plain = i >= 2
                && tokens.get(i - 2).isName()
                && (i < 3 || !tokens.get(i - 3).is("."));
        if (!plain) {
            throw new NotCacheableException(Reason.UNSUPPORTED, "a function qualified in an unusual way");
        }
        return tokens.get(i - 2).text();
    }

    private void punctuation(int i) throws NotCacheableException {
        if (tokens.get(i).is("::")) {
            type(i + 1, i > 0 && isConstant(tokens.get(i - 1)));
        } else if (tokens.get(i).is(";") && i < tokens.size() - 1) {
            throw new NotCacheableException(Reason.UNPARSABLE, "more than one statement");
        }
    }

    /** A parameter counts: what it stands for is part of the cache key, and looked through for time words. */
    private static boolean isConstant(Token token) {
        return token.kind() == Token.Kind.STRING
                || token.kind() == Token.Kind.PARAMETER
                || token.kind() == Token.Kind.NUMBER
                || token.isWord("null")
                || token.isWord("true")
                || token.isWord("false");
    }

    /** {@code CAST(operand AS type)}. */
    private void cast(int open) throws NotCacheableException {
        int as = parentheses.firstAs(open);
        if (as < 0) {
            throw new NotCacheableException(Reason.UNPARSABLE, "CAST without AS");
        }
        type(as + 1, as == open + 2 && isConstant(tokens.get(open + 1)));
    }

    private void type(int i, boolean ofConstant) throws NotCacheableException {
        if (i >= tokens.size() || !tokens.get(i).isName()) {
            throw new NotCacheableException(Reason.UNPARSABLE, "a cast without a type");
        }
        Token first = tokens.get(i);
        @Nullable String schema = null;
        Token name = first;
        if (i + 2 < tokens.size()
                && tokens.get(i + 1).is(".")
                && tokens.get(i + 2).isName()) {
            schema = first.text();
            name = tokens.get(i + 2);
        }
        if (name.text().startsWith("reg")) {
            throw new NotCacheableException(Reason.SYSTEM_CATALOG, "a cast to " + name.text());
        }
        if (!ofConstant) {
            types.add(new TypeUse(schema, name.text()));
        }
    }

    private static int parameter(Token token) throws NotCacheableException {
        if (token.text().length() > 5) {
            throw new NotCacheableException(Reason.UNPARSABLE, "a parameter number");
        }
        return Integer.parseInt(token.text());
    }
}
