# shellcheck shell=bash
# camctl.bash - completes camctl's command line in bash. bash-completion loads it by its name, camctl.
# Commands, what they take, and options are those of `camctl --help`; names are those of the camrelayd that
# runs. It has a second to answer; without one no names are offered.

# What `camctl add` may set: the keys of [camera] in camrelay.conf(5), but for whip_token_file.
_camctl_keys=(audio bframes ca_file device google gop_replay media_stall priority publish record substream
	tls_verify transport url url2 url3 url4 url_return)

# What `camctl token add --role` may say.
_camctl_roles=(view operate admin)

# Offers what of the others begins with $1. Not by compgen -W: that expands what it is given.
_camctl_offer() {
	local begin=$1 one
	shift
	for one; do
		[[ $one != "$begin"* ]] || COMPREPLY+=("$one")
	done
}

# Reads the help into the arrays of _camctl. A command's row has its name from column 2 on, what it takes from 13 on,
# and what it is for from 34 on; an option's row begins with its names.
_camctl_read_help() {
	local line name
	while IFS= read -r line; do
		case $line in
		'  -'*)
			for name in $line; do
				[[ $name == -* ]] || break
				options+=("${name%,}")
			done
			;;
		'  '[a-z]*)
			name=${line:2:10}
			commands+=("${name%% *}")
			[[ ${name%% *} != "$command" ]] || read -ra takes <<<"${line:13:20}"
			;;
		esac
	done < <("$program" --help 2>/dev/null)
}

# Reads into the array names, line by line, what camctl says of that.
_camctl_ask() {
	mapfile -t names < <(timeout 1 "$program" "${run_dir[@]}" "$@" 2>/dev/null)
}

# Offers what the command takes as its word number $1.
_camctl_argument() {
	local wanted=${takes[$1]-} names
	[[ -n $wanted || ${#takes[@]} -eq 0 || ${takes[-1]} != *... ]] || wanted=${takes[-1]}
	case $wanted in
	CAMERA* | '[CAMERA]' | GOOGLE | '[GOOGLE]')
		[[ $wanted == *GOOGLE* ]] && names=accounts || names=cameras
		_camctl_ask list "$names"
		[[ $wanted != *'|all' ]] || names+=(all)
		_camctl_offer "$word" "${names[@]}"
		;;
	NAME)
		[[ $first == remove ]] || return
		_camctl_ask token list
		_camctl_offer "$word" "${names[@]%% *}"
		;;
	KEY=*)
		_camctl_offer "$word" "${_camctl_keys[@]/%/=}"
		compopt -o nospace 2>/dev/null
		;;
	-*) _camctl_offer "$word" "$wanted" ;;
	*'|'*)
		IFS='|' read -ra names <<<"${wanted//[\[\]]/}"
		_camctl_offer "$word" "${names[@]}"
		;;
	esac
}

_camctl() {
	local program=$1 word=$2 command='' first='' given=0 i
	local run_dir=() names=() commands=() options=() takes=()

	COMPREPLY=()
	# Bash takes key=value for three words.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-r) run_dir=(-r "${COMP_WORDS[++i]}") ;;
		-o | =) ((++i)) ;;
		--role | --camera) [[ ${COMP_WORDS[++i]} != = ]] || ((++i)) ;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=${COMP_WORDS[i]}
			else
				((given++)) || first=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-r) compopt -o dirnames 2>/dev/null; return ;;
	-o) compopt -o default 2>/dev/null; return ;;
	--role) _camctl_offer "$word" "${_camctl_roles[@]}"; return ;;
	--camera) _camctl_ask list cameras; _camctl_offer "$word" "${names[@]}"; return ;;
	esac
	((i == COMP_CWORD)) && [[ ${COMP_WORDS[i]} != = ]] || return
	_camctl_read_help
	if [[ $word == -* ]]; then
		_camctl_offer "$word" "${options[@]}"
	elif [[ -z $command ]]; then
		_camctl_offer "$word" "${commands[@]}"
	else
		_camctl_argument "$given"
	fi
}
complete -F _camctl camctl
