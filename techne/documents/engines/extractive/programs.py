"""Programs that are run from a command line, their verbs, and the endings of file names.

A list of common tools of every trade, not of one subject: a word of it followed by flags, paths or one of
the verbs is read as a command.
"""

from techne.documents.engines.extractive.listing import words

PROGRAMS = words(
    "kubectl helm docker docker-compose podman git gh npm npx yarn pnpm node pip pip3 pipx uv poetry "
    "conda python python3 java javac jar mvn mvnw gradle gradlew ./gradlew ant dotnet nuget msbuild "
    "cargo rustc rustup go gofmt make cmake ninja bazel gcc g++ clang ls cd cp mv rm mkdir rmdir "
    "touch cat less more head tail grep egrep zgrep awk sed cut sort uniq xargs find tar gzip gunzip "
    "zip unzip chmod chown chgrp ln df du free top htop ps kill killall pkill lsof fuser mount umount "
    "fdisk lsblk fsck mkfs sudo su ssh scp sftp rsync curl wget ping traceroute tracert mtr nslookup "
    "dig host netstat ss ip ifconfig ipconfig route arp nmap tcpdump telnet nc netcat iptables ufw "
    "firewall-cmd systemctl journalctl service crontab apt apt-get yum dnf zypper brew snap choco "
    "winget rpm dpkg aws az gcloud gsutil terraform tofu ansible ansible-playbook vault consul nomad "
    "packer vagrant eksctl oc minikube kind istioctl argocd flux psql pg_dump pg_restore pg_ctl mysql "
    "mysqldump mysqladmin mongo mongosh mongodump redis-cli sqlite3 sqlplus rman impdp expdp lsnrctl "
    "tnsping sqlcmd bcp kafka-topics kafka-consumer-groups kafka-console-consumer kafka-topics.sh "
    "kafka-consumer-groups.sh rabbitmqctl celery airflow dbt spark-submit hdfs hadoop hive prefect "
    "dagster nginx apachectl httpd certbot openssl keytool ssh-keygen gpg base64 sha256sum md5sum jq "
    "yq vim vi nano emacs tmux screen watch flutter dart adb fastlane xcodebuild xcrun pod gradle eas "
    "expo react-native ionic ng vue pytest tox ruff mypy pylint black eslint prettier jest mocha "
    "cypress playwright php composer artisan rails rake bundle gem ruby powershell pwsh robocopy "
    "xcopy net sc reg gpupdate gpresult sfc dism chkdsk diskpart wmic cmdkey w32tm repadmin dcdiag "
    "nltest nbtstat certutil certreq klist setspn dsquery netsh icacls takeown cipher fsutil pnputil "
    "wevtutil wusa sfc bcdboot mstsc regsvr32 ntdsutil dfsrdiag cscript qwinsta shutdown taskkill "
    "tasklist schtasks bcdedit echo export printenv env alias source which whereis whoami uname "
    "uptime date hostname history reboot poweroff sysctl modprobe dmesg ulimit esptool avrdude "
    "arduino-cli openocd minicom picocom modpoll mosquitto_pub mosquitto_sub rosrun roslaunch ros2 "
    "colcon catkin_make snmpwalk snmpget iperf iperf3 ethtool nmcli ipmitool racadm esxcli vim-cmd "
    "zpool zfs lvextend resize2fs smartctl mdadm sonar-scanner trivy cosign skopeo buildah kustomize "
    "kubeadm kubelet crictl etcdctl velero vacuumdb reindexdb createdb dropdb pg_basebackup pgbench "
    "clusterdb initdb pg_rewind pg_upgrade mongorestore setsebool getsebool semanage restorecon chcon "
    "getenforce setenforce firewall-cmd update-ca-certificates dos2unix unix2dos rclone restic strace "
    "ltrace iostat vmstat sar iotop nproc lscpu hdparm parted blkid dcmdump echoscu storescu findscu "
    "movescu ffmpeg ffprobe tshark hping3 fping rsyslogd ntpq chronyc timedatectl logrotate logcli "
    "promtool amtool dcmecho dcmsend dcmqrscp dcmdjpeg dcmodify storescp getscu findscu kcat kafkacat "
    "jps jstack jmap jcmd jstat nfsstat showmount exportfs autofs multipath lvs vgs pvs pvcreate "
    "vgcreate lvcreate mkswap swapon swapoff useradd usermod userdel passwd groupadd getent chage "
    "visudo kinit kdestroy ldapsearch realm sssctl wbinfo dscacheutil nc.exe pathping getmac "
    "systeminfo whoami hostnamectl localectl loginctl nsenter unshare crontab tcping arping mtr ncat "
    "socat wg wg-quick openvpn strongswan conntrack nft bridge tc vtysh birdc sapcontrol r3trans tp "
    "startsap stopsap brtools odoo-bin wp drush bin/console sfdx heroku vercel netlify pulumi "
    "terragrunt tflint checkov kubectx kubens stern k9s helmfile fluxctl calicoctl cilium linkerd "
    "clickhouse-client cqlsh nodetool influx cypher-shell etcdctl asterisk tftp sqlldr dgmgrl srvctl "
    "crsctl adrci opatch asmcmd"
)

ORDINARY_PROGRAMS = words(
    "make go find sort cat echo kill top watch test time ping host date cut join head tail less more "
    "service start stop set "
    "get show write mount type copy move del at top screen history which who node express net route sc "
    "reg flow serve say run code watch history realm source env alias ant hive black gem bridge influx tp"
)
"""Programs whose names are words of talk as well: they need more to be read as commands."""

_KUBERNETES = (
    "get describe logs apply delete exec rollout scale config top port-forward create edit patch label "
    "cordon drain uncordon cp set expose taint explain api-resources auth"
)
_GIT = (
    "status add commit push pull fetch merge rebase checkout switch branch log diff reset revert stash "
    "tag clone init remote cherry-pick bisect clean restore show blame"
)
_DOCKER = (
    "ps run build pull push exec logs stop start restart rm rmi images inspect compose system volume "
    "network tag login stats cp kill up down"
)
_NODE = "install ci run start test build publish audit update init add remove exec cache outdated"

SUBCOMMANDS: dict[str, frozenset[str]] = {
    program: frozenset(verbs.split())
    for program, verbs in {
        "kubectl": _KUBERNETES,
        "oc": _KUBERNETES,
        "git": _GIT,
        "docker": _DOCKER,
        "docker-compose": _DOCKER,
        "podman": _DOCKER,
        "npm": _NODE,
        "yarn": _NODE,
        "pnpm": _NODE,
        "helm": "install upgrade rollback uninstall list history status get template repo lint test show",
        "terraform": "init plan apply destroy import state validate fmt output refresh workspace",
        "systemctl": "start stop restart reload status enable disable daemon-reload mask is-active",
        "service": "start stop restart status",
        "pip": "install uninstall freeze list show check",
        "poetry": "install add update run build lock",
        "dotnet": "run build test publish restore ef new clean",
        "mvn": "clean install package test verify deploy dependency:tree",
        "cargo": "build run test check clippy fmt update",
        "flutter": "clean pub run build doctor test devices",
        "pod": "install update repo deintegrate",
        "adb": "devices logcat install shell uninstall reverse kill-server start-server",
        "aws": "s3 sts ec2 ecs eks lambda iam rds ssm logs cloudformation configure",
        "az": "login vm aks group account webapp storage",
        "gcloud": "auth config compute container projects init",
        "airflow": "dags tasks connections pools variables db scheduler webserver users",
        "dbt": "run test build seed snapshot compile docs deps debug",
        "ansible": "all",
        "apt": "update upgrade install remove purge",
        "apt-get": "update upgrade install remove purge",
        "brew": "install upgrade update uninstall doctor",
        "fastlane": "match beta release init lanes",
        "vault": "login read write kv token status unseal seal operator",
        "rabbitmqctl": "list_queues purge_queue status list_connections stop_app start_app",
        "ip": "addr route link a r neigh",
        "redis-cli": "config info monitor keys get ping flushall",
        "argocd": "app login sync",
        "prefect": "deploy deployment worker server",
        "certbot": "renew certonly certificates",
        "sfc": "/scannow",
        "net": "start stop use user view localgroup",
        "netsh": "int interface winsock advfirewall wlan http",
        "asterisk": "-rx",
        "composer": "install update require dump-autoload",
        "php": "artisan",
    }.items()
}

WINDOWS_PROGRAMS = words(
    "cmdkey w32tm repadmin dcdiag nltest nbtstat certutil certreq netsh icacls takeown cipher fsutil "
    "wevtutil wusa gpupdate gpresult sfc dism chkdsk diskpart wmic shutdown taskkill tasklist "
    "schtasks ipconfig net sc reg robocopy xcopy mstsc regsvr32 cscript msiexec dir del copy"
)
"""Programs whose options begin with a slash, so that each slash is an argument of its own."""

LONG_OPTIONS = words(
    "openssl java find keytool ffmpeg ffprobe gcc g++ clang adb javac xcodebuild jarsigner "
    "echoscu storescu findscu movescu getscu storescp dcmecho dcmsend "
    "dsquery dsget dsmod dsadd dsrm nslookup"
)
"""Programs whose long options begin with one dash."""

HYPHENATED_OPTIONS = words("terraform tofu packer vault consul nomad")
"""The same, with options of several words: `-detailed-exitcode`."""

OPTIONS_BY_FIRST_WORD = words(
    "auto detailed lock var out target refresh parallelism input no json destroy upgrade reconfigure migrate "
    "backend replace compact state chdir force field format address"
)
"""How the options of those begin, which tells `-lock-timeout` from two options."""

BARE_SUBCOMMANDS = words("plan apply destroy")
"""Subcommands that are told without their program: "plan dash detailed dash exitcode"."""

SWITCHES = words(
    "force all help version verbose quiet yes prune watch now follow rm readonly recursive tags hard soft "
    "debug dry-run no-cache no-verify amend global wait atomic delete detach interactive analyze execute "
    "describe list alter create reset-offsets all-topics to-earliest to-latest all-namespaces overwrite "
    "ignore-daemonsets delete-emptydir-data all-groups install upgrade if-exists no-pager"
)
"""Long options that take no value."""

HIDDEN_FILES = words(
    "env gitignore dockerignore bashrc ssh git npmrc htaccess profile kube aws vimrc zshrc netrc "
    "pgpass config"
)
"""Names that are typed after a dot."""

EXTENSIONS = words(
    "yml yaml json conf cfg config ini toml properties xml env log txt md csv sql sh bash bat cmd ps1 "
    "py js ts jsx tsx java kt swift go rb php "
    "cs cpp c h html css scss jar war ear zip tar gz tgz rar exe msi dll so apk aab ipa pem crt cer "
    "key p12 pfx jks pdf xls xlsx doc docx "
    "tf tfvars lock gradle service rules plist db bak dmp sqlite parquet avro proto pcap iso img bin "
    "hex lua rdp vbs reg com br org net io"
)
