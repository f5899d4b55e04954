# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The options of `set` and `shopt`."""

LETTERS = {
    "allexport": "a", "errexit": "e", "noglob": "f", "noexec": "n", "nounset": "u", "verbose": "v", "xtrace": "x",
    "noclobber": "C", "monitor": "m", "notify": "b", "ignoreeof": "I", "stdin": "s", "interactive": "i", "hashall": "h",
    "keyword": "k", "privileged": "p", "physical": "P", "braceexpand": "B", "histexpand": "H", "errtrace": "E",
    "functrace": "T", "onecmd": "t",
}  # fmt: skip
"""Long names by letter."""
OF_BASH = (
    "allexport", "braceexpand", "emacs", "errexit", "errtrace", "functrace", "hashall", "histexpand", "history",
    "ignoreeof", "interactive-comments", "keyword", "monitor", "noclobber", "noexec", "noglob", "nolog", "notify",
    "nounset", "onecmd", "physical", "pipefail", "posix", "privileged", "verbose", "vi", "xtrace",
)  # fmt: skip
OF_ASH = (
    "errexit", "noglob", "ignoreeof", "monitor", "noexec", "xtrace", "verbose", "noclobber", "allexport", "notify",
    "nounset", "errtrace", "vi", "pipefail",
)  # fmt: skip
OF_DASH = (
    "errexit", "noglob", "ignoreeof", "interactive", "monitor", "noexec", "stdin", "xtrace", "verbose", "vi", "emacs",
    "noclobber", "allexport", "notify", "nounset", "nolog", "debug",
)  # fmt: skip
NAMES = {"bash": OF_BASH, "dash": OF_DASH, "ash": OF_ASH}
ON_IN_BASH = {"braceexpand", "hashall", "interactive-comments"}
ON_AT_PROMPT = {"emacs", "histexpand", "history", "monitor"}
SHOPTS = {
    "autocd": False, "assoc_expand_once": False, "cdable_vars": False, "cdspell": False, "checkhash": False,
    "checkjobs": False, "checkwinsize": True, "cmdhist": True, "compat31": False, "compat32": False,
    "compat40": False, "compat41": False, "compat42": False, "compat43": False, "compat44": False,
    "complete_fullquote": True, "direxpand": False, "dirspell": False, "dotglob": False, "execfail": False,
    "expand_aliases": False, "extdebug": False, "extglob": False, "extquote": True, "failglob": False,
    "force_fignore": True, "globasciiranges": True, "globskipdots": True, "globstar": False, "gnu_errfmt": False,
    "histappend": False, "histreedit": False, "histverify": False, "hostcomplete": True, "huponexit": False,
    "inherit_errexit": False, "interactive_comments": True, "lastpipe": False, "lithist": False,
    "localvar_inherit": False, "localvar_unset": False, "login_shell": False, "mailwarn": False,
    "no_empty_cmd_completion": False, "nocaseglob": False, "nocasematch": False, "noexpand_translation": False,
    "nullglob": False, "patsub_replacement": True, "progcomp": True, "progcomp_alias": False, "promptvars": True,
    "restricted_shell": False, "shift_verbose": False, "sourcepath": True, "varredir_close": False, "xpg_echo": False,
}  # fmt: skip
