/** Names of models and of the files of their packages: letters, digits and `. _ -`, the first a letter, digit or _. */
export const NAME = /^\w[\w.-]{0,127}$/;
