package dev.perigee.home.query;

import java.util.List;
import java.util.Set;

/**
 * What the text of a statement says about the code it runs. Names only: what they mean is for the catalog to say.
 *
 * @param calls everything that may be a function call
 * @param attributes names after a dot: {@code t.f} calls {@code f(t)} if there is such a function and no such column
 * @param projections those of the attributes where what is before the dot may be a value of any type, not only a row
 * @param operators symbols of operators, those behind LIKE, ORDER BY, DISTINCT and the like included
 * @param types what is cast to at run time; a cast of a constant happens during parsing and is no concern
 * @param parameters the numbers of the parameters
 */
record StatementFacts(
        Set<FunctionCall> calls,
        Set<String> attributes,
        Set<String> projections,
        Set<String> operators,
        Set<TypeUse> types,
        Set<Integer> parameters) {

    /**
     * Reads the facts off the text.
     *
     * @throws NotCacheableException if the text alone forbids to keep the result
     */
    static StatementFacts of(String sql) throws NotCacheableException {
        List<Token> tokens = Lexer.tokens(sql);
        return new FactReader(tokens).read();
    }
}
