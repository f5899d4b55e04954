# Completion of decnet for bash. Put it into /usr/share/bash-completion/completions/decnet,
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
