"""Shell scripts for tab completion: they ask `decnet` for the words at the cursor."""

from __future__ import annotations

from enum import StrEnum

BASH = r"""# Completion of decnet for bash. Put it into /usr/share/bash-completion/completions/decnet,
# or write into ~/.bashrc: source <(decnet completion bash)
_decnet() {
    local -a answer
    mapfile -t answer < <(_DECNET_COMPLETE=bash _DECNET_LINE="${COMP_LINE:0:COMP_POINT}" \
        _DECNET_BREAKS="$COMP_WORDBREAKS" "${1/#\~/$HOME}" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case "${answer[0]-}" in
        list) compopt -o nospace ;;
        files) compopt -o default ;;
    esac
}
complete -F _decnet decnet
"""

ZSH = r"""#compdef decnet
# Completion of decnet for zsh. Put it as _decnet into a folder of $fpath,
# or write into ~/.zshrc, behind compinit: source <(decnet completion zsh)
_decnet() {
    local -a answer found
    local prefix
    answer=("${(@f)$(_DECNET_COMPLETE=zsh _DECNET_LINE="${(j: :)words[1,CURRENT-1]} $IPREFIX$PREFIX" \
        ${(Q)~words[1]} 2>/dev/null)}")
    prefix=${answer[2]}
    found=("${(@)answer[3,-1]}")
    [[ -n $prefix ]] && compset -P "${(b)prefix}"
    case ${answer[1]} in
        words) _describe decnet found ;;
        list) _describe decnet found -S '' ;;
        files) _files ;;
    esac
}
if [[ ${funcstack[1]} == _decnet ]]; then
    _decnet "$@"
else
    compdef _decnet decnet
fi
"""

FISH = r"""# Completion of decnet for fish. Put it into ~/.config/fish/completions/decnet.fish,
# or write into ~/.config/fish/config.fish: decnet completion fish | source
function __decnet_complete
    set -l line (commandline -cp)
    set -l tokens (commandline -opc)
    set -l answer (_DECNET_COMPLETE=fish _DECNET_LINE="$line" $tokens[1] 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path (commandline -ct)
        case words list
            printf '%s\n' $answer[2..-1]
    end
end
complete -c decnet -f -a '(__decnet_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"
