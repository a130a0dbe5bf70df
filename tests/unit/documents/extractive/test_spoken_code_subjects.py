r"""Codes of many subjects in both languages: what was said, and every code that one would type.

Each line reads "said => code ;; code"; nothing after the arrow means that the sentence has no code.
"""

import pytest

from techne.documents.engines.extractive.lexicon import lexicon_for
from techne.documents.engines.extractive.spoken_code import codes_in

_PORTUGUESE = r"""
# unix
Roda ls traço l a em barra var barra log. => ls -la ;; /var/log
Depois rm traço r f na pasta velha. => rm -rf
Dá um tail menos f em barra var barra log barra messages. => tail -f ;; /var/log/messages
Faz um chmod mais x no deploy ponto sh. => chmod +x ;; deploy.sh
Roda df traço h e olha a partição. => df -h
Usa grep traço i timeout barra var barra log barra app ponto log. => grep -i timeout /var/log/app.log
Roda tar traço xzf backup ponto tar ponto gz. => tar -xzf backup.tar.gz
Roda du traço sh asterisco. => du -sh *
Roda ps traço ef pipe grep java. => ps -ef | grep java
Roda ls traço L maiúsculo barra opt. => ls -L /opt
# systemd
Roda systemctl restart nginx e espera. => systemctl restart nginx
Roda journalctl traço u pedidos traço traço since ontem. => journalctl -u pedidos --since ontem
Aí um systemctl daemon traço reload resolve. => systemctl daemon-reload
# kubernetes
Roda kubectl get pods traço n pagamentos. => kubectl get pods -n pagamentos
É kubectl logs traço f api traço 7 traço n loja. => kubectl logs -f api-7 -n loja
Roda kubectl rollout undo deployment barra checkout traço n loja. => kubectl rollout undo deployment/checkout -n loja
Roda kubectl get pods traço o wide traço traço all traço namespaces. => kubectl get pods -o wide --all-namespaces
# kafka
Roda kafka traço consumer traço groups ponto sh traço traço bootstrap traço server b1:9092 traço traço describe traço traço group pedidos. => kafka-consumer-groups.sh --bootstrap-server b1:9092 --describe --group pedidos
É kafka traço configs ponto sh traço traço bootstrap traço server b1:9092 traço traço entity traço type topics traço traço entity traço name audit traço events traço traço alter. => kafka-configs.sh --bootstrap-server b1:9092 --entity-type topics --entity-name audit-events --alter
Roda o mesmo script com dois traços reset traço offsets dois traços to traço earliest dois traços execute. => --reset-offsets --to-earliest --execute
Usa dois traços topic payments dois pontos 7 dois traços execute. => --topic payments:7 --execute
A ferramenta é xyz traço tool ponto sh traço traço server alpha1:9092 traço traço describe traço traço group billing. => xyz-tool.sh --server alpha1:9092 --describe --group billing
# java
A correção foi colocar traço XX dois pontos MaxRAM igual 65 no container. => -XX:MaxRAM=65
Sobe com java traço Xmx512m traço jar app ponto jar. => java -Xmx512m -jar app.jar
Bota traço XX dois pontos MaxHeap igual 65. => -XX:MaxHeap=65
# settings
Coloca max underline connections igual a duzentos. => max_connections=duzentos
Muda o spring ponto datasource ponto url. => spring.datasource.url
Seta LOG underline LEVEL igual debug no ambiente. => LOG_LEVEL=debug
Exporta cifrão JAVA underline HOME no perfil. => $JAVA_HOME
Está no ponto env do serviço. => .env
Edita o application ponto yml. => application.yml
# paths, hosts and addresses
Fica em barra etc barra nginx barra nginx ponto conf. => /etc/nginx/nginx.conf
Manda para suporte arroba empresa ponto com ponto br. => suporte@empresa.com.br
Acessa https dois pontos barra barra painel ponto interno barra login. => https://painel.interno/login
O servidor é db01 ponto empresa ponto local. => db01.empresa.local
O IP é dez ponto zero ponto zero ponto um. => 10.0.0.1
O gateway é 192 ponto 168 ponto 10 ponto 1. => 192.168.10.1
Escuta em localhost dois pontos 8080. => localhost:8080
Abre til barra ponto ssh barra config. => ~/.ssh/config
Chama barra api barra pedidos interrogação status igual aberto. => /api/pedidos?status=aberto
# network
Roda show ip bgp neighbors 203.0.113.1 no roteador. => show ip bgp neighbors 203.0.113.1
Dá um display version no switch. => display version
Dá um show interface gi zero barra um. => show interface gi0/1
Faz um ping 203 ponto 0 ponto 113 ponto 1 size 1500 df traço bit. => ping 203.0.113.1 size 1500 df-bit
A porta gi zero barra um caiu. => gi0/1
# windows
Roda gpupdate barra force e testa. => gpupdate /force
Fica em C dois pontos barra invertida Temp. => C:\Temp
O compartilhamento é barra invertida barra invertida fs01 barra invertida scripts. => \\fs01\scripts
Roda Get traço ADUser traço Identity jsilva traço Properties asterisco. => Get-ADUser -Identity jsilva -Properties *
Fica em HKLM barra invertida Software barra invertida Politicas. => HKLM\Software\Politicas
Apaga o porcento TEMP porcento do perfil. => %TEMP%
Roda ipconfig barra flushdns e testa. => ipconfig /flushdns
# databases
Roda select asterisco from pedidos where status igual 5. => select * from pedidos where status = 5
Roda select count abre parênteses asterisco fecha parênteses from notas. => select count(*) from notas
Roda vacuum analyze pedidos underline itens. => vacuum analyze pedidos_itens
Usa psql traço h banco01 traço U postgres traço d vendas. => psql -h banco01 -U postgres -d vendas
Roda alter system set work underline mem igual 64. => alter system set work_mem = 64
# plc
A tag é DB10 ponto DBW4 no bloco. => DB10.DBW4
A entrada I0 ponto 3 fica ligada. => I0.3
Escreve em Motor underline 1 ponto Run. => Motor_1.Run
# git, docker, cloud
Roda git push dois traços tags. => git push --tags
Roda git checkout traço b corrige traço boleto. => git checkout -b corrige-boleto
Execute docker system prune traço traço force. => docker system prune --force
Roda docker run traço traço rm traço it alpine sh. => docker run --rm -it alpine sh
Roda aws s3 cp s3 dois pontos barra barra notas barra a ponto xml ponto. => aws s3 cp s3://notas/a.xml
Roda terraform apply traço auto traço approve traço parallelism igual 4. => terraform apply -auto-approve -parallelism=4
Usa curl traço k https dois pontos barra barra api ponto interno. => curl -k https://api.interno
# more of each
Roda ponto barra deploy ponto sh traço traço env igual prod. => ./deploy.sh --env=prod
Roda redis traço cli traço h cache01 info memory. => redis-cli -h cache01 info memory
Dá um git reset traço traço hard HEAD til 1. => git reset --hard HEAD~1
Roda o robocopy D dois pontos barra invertida dados E dois pontos barra invertida backup barra MIR. => robocopy D:\dados E:\backup /MIR
Ele usou traço traço delete traço config cleanup ponto policy e salvou. => --delete-config cleanup.policy
Roda kubectl exec traço it api traço 0 traço n prod traço traço bash. => kubectl exec -it api-0 -n prod -- bash
O serviço se chama cert traço watcher. => cert-watcher
Faz update pedidos set status igual 9 where id igual 10. => update pedidos set status = 9 where id = 10
Roda ansible traço playbook traço i hosts ponto ini site ponto yml. => ansible-playbook -i hosts.ini site.yml
Passa a flag traço v. => -v
Usa o nodepool ng traço apps em produção. => ng-apps
É kubectl get pods, traço n pagamentos, e pronto. => kubectl get pods -n pagamentos
É dois traços alter, dois traços entity traço type topics, e pronto. => --alter --entity-type topics
Depois do kubectl, traço o plano com vocês. =>
# talk
Até certo ponto isso funciona. =>
Nesse ponto a gente para e pensa. =>
A barra de progresso travou. =>
Ele levantou a barra para todo mundo. =>
O resultado é igual ao de ontem. =>
Dá um tempo e tenta de novo. =>
Roda de madrugada, quando não tem ninguém. =>
Roda de novo e me avisa. =>
Executa com calma, sem pressa. =>
Traço o plano amanhã com vocês. =>
Tem um espaço em disco sobrando. =>
São dois pontos importantes aqui. =>
Mais ou menos isso que eu falei. =>
O ponto é que ninguém testou. =>
Faz um teste rápido e volta. =>
Digita a senha e espera. =>
Usa o sistema novo até sexta. =>
É maior que o do mês passado. =>
Vocês são a estrela do time. =>
Menos mal que deu certo. =>
O arroz custa dez por cento a mais. =>
O comando veio da diretoria. =>
A versão é quatro ponto zero. =>
"""  # noqa: E501

_ENGLISH = r"""
# unix
Then rm dash r f the folder. => rm -rf
Find it with find slash var slash log dash name star dot gz dash mtime plus 30. => find /var/log -name *.gz -mtime +30
You run df dash i and see. => df -i
Use chmod plus x on it. => chmod +x
Run ls dash capital L slash opt. => ls -L /opt
Run cat slash proc slash meminfo pipe grep Huge. => cat /proc/meminfo | grep Huge
Run tail dash f slash var slash log slash syslog and wait. => tail -f /var/log/syslog
Run echo open quote hello world close quote greater than slash tmp slash out dot txt. => echo "hello world" > /tmp/out.txt
# systemd
Then systemctl reset dash failed orders-api empties the counter. => systemctl reset-failed orders-api
Run journalctl dash u nginx dash dash since yesterday. => journalctl -u nginx --since yesterday
Check with systemctl status postfix. => systemctl status postfix
# kubernetes
Run kubectl get pods dash n payments. => kubectl get pods -n payments
Run kubectl rollout restart deployment slash api dash n prod. => kubectl rollout restart deployment/api -n prod
Run helm upgrade dash dash install api dot slash chart. => helm upgrade --install api ./chart
Run kubectl drain node dash 3 dash dash ignore dash daemonsets. => kubectl drain node-3 --ignore-daemonsets
# kafka
Run kafka dash topics dot sh dash dash bootstrap dash server b1 colon 9092 dash dash list. => kafka-topics.sh --bootstrap-server b1:9092 --list
Run the script with dash dash reset dash offsets dash dash to dash latest dash dash execute. => --reset-offsets --to-latest --execute
The tool is stock dash sync dot sh dash dash dry dash run. => stock-sync.sh --dry-run
# network
I ran show ip bgp neighbors 203.0.113.1 and it was idle. => show ip bgp neighbors 203.0.113.1
You see it with show policy dash map interface gi0 slash 0 slash 1. => show policy-map interface gi0/0/1
Then ping 203 dot 0 dot 113 dot 1 size 1500 df dash bit. => ping 203.0.113.1 size 1500 df-bit
What I look at is show interfaces status err dash disabled. => show interfaces status err-disabled
Check with show ip route 10.2.3.4 first. => show ip route 10.2.3.4
I did get system status on the firewall. => get system status
Run display version on the switch. => display version
Run show interface gi zero slash one. => show interface gi0/1
Run show running dash config pipe include ntp. => show running-config | include ntp
Type show interfaces status, and wait. => show interfaces status
# windows
I did gpupdate slash force like everybody does. => gpupdate /force
Run Get dash ADUser dash Identity jsmith dash Properties star. => Get-ADUser -Identity jsmith -Properties *
Run Test-NetConnection dash ComputerName dc01 dash Port 389. => Test-NetConnection -ComputerName dc01 -Port 389
You run cmdkey slash delete colon fs01 on the PC. => cmdkey /delete:fs01
It is under HKLM backslash System backslash CurrentControlSet backslash Control. => HKLM\System\CurrentControlSet\Control
It's in backslash backslash fs01 backslash scripts backslash fix-outlook.ps1, Intune runs it. => \\fs01\scripts\fix-outlook.ps1
It's in C colon backslash Program Files backslash Vendor backslash conf dot ini. => C:\Program Files\Vendor\conf.ini
Run w32tm slash resync slash rediscover and wait. => w32tm /resync /rediscover
# databases
Run select star from orders where id equals 5. => select * from orders where id = 5
Run select pid comma state from pg underscore stat underscore activity. => select pid, state from pg_stat_activity
Dump it with pg underscore dump dash t invoices. => pg_dump -t invoices
Then vacuum analyze order underscore lines. => vacuum analyze order_lines
# dicom
Run echoscu dash aet STORE dash aec PACS 10.0.0.5 4242. => echoscu -aet STORE -aec PACS 10.0.0.5 4242
Run dcmecho dash c PACS at sign 10.0.0.5 colon 11112. => dcmecho -c PACS@10.0.0.5:11112
Run dcmdump plus P 0010 on the file. => dcmdump +P 0010
# terraform and cloud
We dropped it to dash parallelism equals 5. => -parallelism=5
Run terraform plan dash detailed dash exitcode every night. => terraform plan -detailed-exitcode
Run terraform apply dash auto dash approve dash parallelism equals 4. => terraform apply -auto-approve -parallelism=4
Use aws sts get dash caller dash identity to see. => aws sts get-caller-identity
Run aws s3 cp s3 colon slash slash logs slash a dot gz. => aws s3 cp s3://logs/a.gz
# git, docker, web
Run git push dash dash force dash with dash lease. => git push --force-with-lease
Run docker run dash dash rm dash it alpine sh. => docker run --rm -it alpine sh
Run sudo apt dash get install nginx. => sudo apt-get install nginx
Run fastlane match appstore dash dash readonly, and wait. => fastlane match appstore --readonly
Run curl dash v https colon slash slash api dot shop dot com slash health. => curl -v https://api.shop.com/health
# settings, hosts and addresses
Set retry underscore count equals five. => retry_count=five
Write to ops at sign example dot com. => ops@example.com
Mail it to billing at acme dot com today. => billing@acme.com
Open settings dot json. => settings.json
It is in slash etc slash hosts. => /etc/hosts
It listens on localhost colon 5432. => localhost:5432
Look in tilde slash dot aws slash credentials. => ~/.aws/credentials
Set dollar PATH before that. => $PATH
Post it in hash infra dash drift every morning. => #infra-drift
Open http colon slash slash localhost colon 9090 slash targets. => http://localhost:9090/targets
# plc
The tag is DB20 dot DBX4 in the block. => DB20.DBX4
# more of each
Do a show run interface gi 1 slash 0 slash 24. => show run interface gi1/0/24
Check with show sip dash ua register status. => show sip-ua register status
Run asterisk dash r x quote sip show peers quote. => asterisk -rx "sip show peers"
He ran a clear ip bgp star soft in. => clear ip bgp * soft in
The port went err dash disabled again. => err-disabled
Run dig plus short example dot com at sign 8 dot 8 dot 8 dot 8. => dig +short example.com @8.8.8.8
Set-ADUser dash Identity bob dash Enabled dollar sign true. => Set-ADUser -Identity bob -Enabled $true
Run Get-Service spooler pipe Restart-Service. => Get-Service spooler | Restart-Service
Look in percent APPDATA percent backslash Vendor. => %APPDATA%\Vendor
Then dcmodify dash m quote open paren 0010 comma 0010 close paren equals DOE quote. => dcmodify -m "(0010,0010)=DOE"
Run mount dash o remount comma rw slash. => mount -o remount,rw /
Run ls dash l a h slash srv. => ls -lah /srv
Use ssh dash L 8080 colon localhost colon 80 admin at sign jump dot corp dot com. => ssh -L 8080:localhost:80 admin@jump.corp.com
Run git commit dash m quote fix typo quote. => git commit -m "fix typo"
# talk
We print some text from the source code using ANSI sequences. =>
The AWS SDK is what they teach. =>
At this point you stop and make sure that it works. =>
Put a dash of salt, then find a seat. =>
Go to the top and sort the list. =>
Dot the i's and cross the t's. =>
Do the same thing on the other side. =>
Run it again and see. =>
Run the report before lunch. =>
We ran out of time and space. =>
She made a dash for the door. =>
It is less than ten and greater than two. =>
Type your name and wait. =>
You get status updates every day. =>
Show me the interface again. =>
Select a table from the list. =>
Update the ticket and set the owner. =>
They slash prices every spring. =>
The star of the show was late. =>
All things equal, I would wait. =>
Ten percent of the users at most. =>
Create a table for the guests. =>
Minus the noise it was fine, plus it was cheap. =>
There is space left on the shelf. =>
Quote the price and close the deal. =>
Clear the table and watch the clock. =>
"""  # noqa: E501


def _cases(language: str, table: str) -> list[tuple[str, str, list[str]]]:
    cases = []
    for line in table.strip().splitlines():
        if not line.startswith("# "):
            said, _, codes = line.partition(" =>")
            cases.append((language, said, [code.strip() for code in codes.split(";;") if code.strip()]))
    return cases


CASES = _cases("pt-BR", _PORTUGUESE) + _cases("en-US", _ENGLISH)


@pytest.mark.parametrize(("language", "said", "codes"), CASES, ids=[case[1] for case in CASES])
def test_a_sentence_gives_just_the_codes_that_one_would_type(
    language: str, said: str, codes: list[str]
) -> None:
    assert [code.text for code in codes_in(said, lexicon_for(language))] == codes
