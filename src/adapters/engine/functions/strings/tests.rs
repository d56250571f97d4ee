//! Expressions over text.

use super::super::testing::{fails, gives};

#[test]
fn places_count_characters_from_one() {
    gives("strpos('häuser', 'user')", "3");
    gives("strpos('abcabc', 'c', 2)", "6");
    gives("strpos('abcabc', 'c', -1)", "6");
    gives("strpos('abcabc', 'c', -3)", "0");
    gives("strpos('abc', '')", "1");
    gives("strpos(NULL, 'a')", "NULL");
    fails("strpos('abc', 'a', 0)", "instance");
}

#[test]
fn substr_is_one_based_and_counts_back() {
    gives("\"substr\"('äbcde', 2)", "bcde");
    gives("\"substr\"('abcde', -2)", "de");
    gives("\"substr\"('abcde', 2, 2)", "bc");
    gives("\"substring\"('abcde', -4, 2)", "bc");
    gives("\"substr\"('abcde', 0)", "");
    gives("\"substr\"('abcde', 9)", "");
    gives("\"substr\"('abcde', -9)", "");
    gives("\"substr\"('abcde', 1, -1)", "");
}

#[test]
fn splits() {
    gives("split('a,b,,c', ',')", "[a, b, , c]");
    gives("split('a,b,c', ',', 2)", "[a, b,c]");
    gives("split('', ',')", "[]");
    fails("split('a', '')", "delimiter");
    fails("split('a', ',', 0)", "limit");
    gives("split_part('a/b/c', '/', 3)", "c");
    gives("split_part('a/b/c', '/', 4)", "NULL");
    gives("split_part('abc', '', 2)", "b");
    fails("split_part('a', '/', 0)", "from 1");
}

#[test]
fn nulls_swallow_concat_but_not_concat_ws() {
    gives("concat('a', 'b', 'c')", "abc");
    gives("concat('a', NULL)", "NULL");
    gives("concat_ws(',', 'a', NULL, 'c')", "a,c");
    gives("concat_ws(NULL, 'a', 'b')", "NULL");
    gives("concat_ws('-', ['a', NULL, 'c'])", "a-c");
    gives("concat([1, 2], [3])", "[1, 2, 3]");
    gives("concat([1, 2], [2.5])", "[1.0, 2.0, 2.5]");
}

#[test]
fn padding_and_trimming() {
    gives("lpad('7', 3, '0')", "007");
    gives("rpad('abc', 2, 'x')", "ab");
    gives("rpad('a', 4, 'xy')", "axyx");
    fails("lpad('a', 3, '')", "padding");
    fails("lpad('a', -1, 'x')", "size");
    gives("trim('  a\t')", "a");
    gives("ltrim('xxaxx', 'x')", "axx");
    gives("rtrim('xxaxx', 'x')", "xxa");
}

#[test]
fn making_texts() {
    gives("replace('banana', 'an')", "ba");
    gives("replace('banana', 'an', 'o')", "booa");
    gives("reverse('aäb')", "bäa");
    gives("reverse([1, 2, NULL])", "[NULL, 2, 1]");
    gives("translate('abcda', 'abc', 'xy')", "xydx");
    gives("chr(228)", "ä");
    fails("chr(-1)", "code point");
    gives("codepoint('ä')", "228");
    fails("codepoint('ab')", "one character");
    gives("length('häuser')", "6");
    gives("length(NULL)", "NULL");
    gives("levenshtein_distance('kitten', 'sitting')", "3");
    fails("hamming_distance('ab', 'a')", "same length");
}

#[test]
fn wrong_types_are_named() {
    fails(
        "strpos(1, 'a')",
        "Unexpected parameters (bigint, varchar) for function strpos",
    );
}
