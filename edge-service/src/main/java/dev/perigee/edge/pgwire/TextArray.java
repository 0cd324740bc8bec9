package dev.perigee.edge.pgwire;

import java.util.ArrayList;
import java.util.List;

/** Reads the text form of a one-dimensional array without nulls (manual, "Array Input and Output Syntax"). */
final class TextArray {

    private final String text;
    private int at = 1;

    private TextArray(String text) {
        this.text = text;
    }

    /**
     * The elements.
     *
     * @throws IllegalArgumentException if it is no such array
     */
    static List<String> elements(String text) {
        if (!text.startsWith("{") || !text.endsWith("}")) {
            throw new IllegalArgumentException("not an array");
        }
        return text.equals("{}") ? List.of() : new TextArray(text).all();
    }

    private List<String> all() {
        List<String> elements = new ArrayList<>();
        do {
            elements.add(element());
        } while (next() == ',');
        if (at != text.length()) {
            throw new IllegalArgumentException("more than an array");
        }
        return elements;
    }

    private String element() {
        StringBuilder element = new StringBuilder();
        boolean quoted = text.charAt(at) == '"';
        at += quoted ? 1 : 0;
        while (quoted ? peek() != '"' : peek() != ',' && peek() != '}') {
            char c = next();
            element.append(c == '\\' ? next() : c);
        }
        at += quoted ? 1 : 0;
        return element.toString();
    }

    private char peek() {
        if (at >= text.length()) {
            throw new IllegalArgumentException("an array that ends early");
        }
        return text.charAt(at);
    }

    private char next() {
        char c = peek();
        at++;
        return c;
    }
}
