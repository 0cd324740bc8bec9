package dev.perigee.model;

/** What the records of this package check of their components. */
final class Validation {

    private Validation() {}

    static boolean isPrintable(String text, int maxLength) {
        return !text.isBlank()
                && text.length() <= maxLength
                && text.chars().noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT);
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
