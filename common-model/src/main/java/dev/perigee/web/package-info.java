/** The web plumbing both services share: JSON, problem details, bearer tokens. */
@NullMarked
package dev.perigee.web;

import org.jspecify.annotations.NullMarked;
