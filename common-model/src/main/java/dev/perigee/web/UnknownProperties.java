package dev.perigee.web;

import java.util.List;

/** A service is told things that it does not know. The message names each, and where it comes from. */
public final class UnknownProperties extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UnknownProperties(List<String> unknown) {
        super((unknown.size() == 1
                        ? "There is no property "
                        : "There are no properties " + System.lineSeparator() + "  ")
                + String.join(System.lineSeparator() + "  ", unknown));
    }
}
