# Completion of decnet for fish. Put it into ~/.config/fish/completions/decnet.fish,
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
