/** What a model, or a file of its package, may be called: letters, digits and `. _ -`, the first a letter, digit or _. */
export const NAME = /^\w[\w.-]{0,127}$/;
