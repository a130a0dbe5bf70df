"""Short invented recordings on many subjects, with what a document of each must and must not say."""

from __future__ import annotations

from dataclasses import dataclass

from techne.transcripts.model import Chunk, Turn

_SECONDS_PER_WORD = 0.4


@dataclass(frozen=True, slots=True)
class Recording:
    """A script of `speaker: words` lines, and the judgement on a document of it.

    A long line of the script goes on with an indent.

    `literals` are alternatives divided by a bar; `pairs` are a problem and its solution, each likewise.
    """

    name: str
    language: str
    script: str
    literals: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    noise: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def turns(self) -> tuple[Turn, ...]:
        """The script as turns, at the pace of talk."""
        turns: list[Turn] = []
        now = 0.0
        for line in self.script.strip().replace("\n  ", " ").splitlines():
            speaker, text = line.split(": ", 1)
            until = now + _SECONDS_PER_WORD * len(text.split())
            turns.append(
                Turn(
                    id=f"t{len(turns) + 1:04d}",
                    speaker=f"spk_{speaker}",
                    start_seconds=now,
                    end_seconds=until,
                    text=text,
                )
            )
            now = until + 0.5
        return tuple(turns)

    def chunk(self) -> Chunk:
        """The whole recording as one chunk."""
        return Chunk(index=0, total=1, context=(), turns=self.turns(), tokens=0)


PLC_PT = Recording(
    name="plc-pt",
    language="pt-BR",
    script="""
0: Bom dia, pessoal, tudo bem com vocês? Deixa eu compartilhar a tela aqui. Estão vendo?
1: Estamos vendo sim.
0: Então, hoje a gente vai falar da linha de envase dois, que usa um CLP Siemens S7-1500 com o TIA
  Portal V17. A comunicação com os inversores é Profinet, e o supervisório é o WinCC.
0: O primeiro problema que vocês vão pegar é o inversor parado com a falha F07901, sobrevelocidade do
  motor. Né, aparece no display vermelho e a esteira para na hora.
1: E aí é só resetar?
0: Não, não reseta antes de olhar o encoder. A causa quase sempre é o conector do encoder solto por
  causa da vibração. Você desliga a chave geral, aperta o conector X100, espera cinco minutos pros
  capacitores descarregarem e só depois religa. Depois confirma a falha no parâmetro p3981.
0: A velocidade máxima fica no parâmetro p1082, que é de mil e duzentas, não, perdão, mil e quinhentas
  rotações por minuto. Nunca passem desse valor, porque a garrafa tomba e o sensor B14 quebra.
1: E o tempo de rampa?
0: Rampa de aceleração, p1120, oito segundos. De desaceleração, p1121, dez segundos.
1: Café tá na mesa, gente, quem quiser.
0: Boa, já vou. Bom, outro problema comum: o CLP fica com o LED SF aceso e a HMI mostra área de dados
  não disponível. Isso é perda de comunicação com a remota ET200SP. O diagnóstico você faz online no TIA
  Portal, em diagnóstico do dispositivo, e olha o buffer de diagnóstico. Se o módulo estiver sem
  endereço, o jeito é atribuir o nome do dispositivo de novo, que é remota traço envase traço dois. O IP
  dela é 192.168.10.45.
1: E pra isso não acontecer de novo?
0: Pra evitar, a gente troca a bateria do switch e faz backup do projeto toda sexta-feira, na pasta
  barra backup barra clp. A regra da fábrica é: ninguém faz download no CLP com a linha rodando, só com
  ordem de serviço assinada pelo Marcos da manutenção.
0: Cuidado, forçar a saída Q4.2 com a porta aberta pode ferir alguém. É proibido fazer jumper na chave
  de segurança.
1: Entendi. Nossa, meu filho adora ver essas máquinas.
0: Haha, o meu também. Então é isso, obrigado, até semana que vem.
""",
    literals=(
        "S7-1500",
        "TIA Portal V17",
        "Profinet",
        "WinCC",
        "F07901",
        "sobrevelocidade",
        "X100",
        "cinco minutos",
        "p3981",
        "p1082",
        "mil e quinhentas",
        "B14",
        "p1120",
        "oito segundos",
        "p1121",
        "dez segundos",
        "LED SF",
        "área de dados não disponível",
        "ET200SP",
        "buffer de diagnóstico",
        "remota-envase-dois|remota traço envase traço dois",
        "192.168.10.45",
        "toda sexta-feira",
        "/backup/clp|barra backup barra clp",
        "ordem de serviço",
        "Marcos",
        "Q4.2",
        "jumper",
    ),
    pairs=(("F07901", "conector X100"), ("LED SF|área de dados", "atribuir o nome")),
    noise=("tudo bem com vocês", "compartilhar a tela", "Café tá na mesa", "meu filho", "semana que vem"),
    wrong=("mil e duzentas",),
)

SAP_PT = Recording(
    name="sap-pt",
    language="pt-BR",
    script="""
0: Boa tarde, vamos esperar só mais um minutinho que a Denise está entrando. Pronto. Vocês me ouvem?
1: Ouvimos. Boa tarde.
0: Beleza. O assunto é o fechamento fiscal no SAP S/4HANA, release 2022. A transação principal é a
  J1B3N, e o monitor de nota é o J1BNFE.
0: O erro que mais aparece é a rejeição 539, duplicidade de NF-e com diferença na chave de acesso. O
  usuário liga desesperado dizendo que a nota não sai.
1: Eu já peguei isso, é horrível.
0: Pois é. O que acontece é que alguém cancelou a nota no governo e não cancelou no SAP. A solução é
  consultar a chave no portal da SEFAZ, e se estiver autorizada lá, você roda o report Z_FISCAL_REPROC
  com a chave e marca a opção atualizar status. Não pode emitir outra nota com o mesmo número, isso dá
  multa.
0: O segundo erro é o lock, mensagem M3 023, documento bloqueado pelo usuário. Aí você entra na SM12,
  acha a entrada pelo usuário e apaga o bloqueio. Mas só depois de confirmar na SM04 que a pessoa
  realmente saiu. Quem não tem acesso à SM12 abre chamado pra equipe de Basis.
1: Qual é o prazo da equipe de Basis?
0: Quatro horas úteis.
0: A parametrização do CFOP fica na SPRO, caminho logística geral, nota fiscal. O centro é o 1100 e a
  filial é a 0003. O imposto padrão, o IVA, é o I3, aliás, I5. O I5 que vale desde janeiro.
1: E o prazo de cancelamento?
0: A regra é clara: cancelamento só em até vinte e quatro horas da autorização. Passou disso, tem que
  fazer carta de correção ou nota de devolução. E a carta de correção não pode mudar valor nem
  destinatário.
0: Risco grande: nunca mudem o intervalo de numeração na SNRO em produção. Em dois mil e dezenove
  fizeram isso e pulou três mil números, foi um pesadelo, eu perdi o casamento da minha prima.
1: Que horror.
0: Pra prevenir, o job Z_FISCAL_MONITOR roda a cada quinze minutos e manda e-mail pra fiscal arroba acme
  ponto com ponto br quando tem nota parada. Se o job falhar, olha na SM37 com o usuário BATCH_FISCAL.
  Intervalo agora? Voltamos em dez minutos.
""",
    literals=(
        "S/4HANA",
        "2022",
        "J1B3N",
        "J1BNFE",
        "539",
        "duplicidade de NF-e",
        "SEFAZ",
        "Z_FISCAL_REPROC",
        "atualizar status",
        "multa",
        "M3 023",
        "SM12",
        "SM04",
        "Basis",
        "Quatro horas úteis",
        "SPRO",
        "1100",
        "0003",
        "I5",
        "vinte e quatro horas",
        "carta de correção",
        "SNRO",
        "Z_FISCAL_MONITOR",
        "quinze minutos",
        "fiscal@acme.com.br|fiscal arroba acme ponto com ponto br",
        "SM37",
        "BATCH_FISCAL",
    ),
    pairs=(
        ("rejeição 539|duplicidade de NF-e", "Z_FISCAL_REPROC"),
        ("M3 023|documento bloqueado", "apaga o bloqueio|SM12"),
    ),
    noise=("minutinho", "Vocês me ouvem", "horrível", "casamento", "Voltamos em dez minutos"),
    wrong=("I3",),
)

NETWORK_EN = Recording(
    name="network-en",
    language="en-US",
    script="""
0: Morning all. Can everyone see my screen okay? Give me one second, I need to unmute the demo laptop.
1: Yep, we can see it.
0: Great. So this is the branch network handover. Each branch has two Cisco Catalyst 9300 switches
  running IOS XE 17.9.4, and a FortiGate 60F as the edge. The management VLAN is 99 and user traffic is
  on VLAN 20.
0: The first thing you'll get called about is phones rebooting in a loop. The phone screen says
  Registering and never finishes. Nine times out of ten the port has lost its voice VLAN after somebody
  replaced a switch. You log in and type show interfaces dash status, no sorry, show interfaces status,
  and look for ports in err-disabled.
1: And then you just bounce the port?
0: You fix the VLAN first, otherwise it comes straight back. Under the interface you put switchport
  voice vlan 30, then shutdown, then no shutdown. The whole thing takes two minutes.
1: My kids unplugged ours at home last night, it was hilarious.
0: Ha. Okay, second problem, the VPN tunnel to headquarters goes down with the message IKE negotiation
  failed, no proposal chosen. That means somebody changed the encryption on one side. Both sides must
  use AES-256, SHA-256 and DH group 14. Check it with diagnose vpn ike log filter name hq-tunnel on the
  FortiGate. Once the proposals match, run diagnose vpn tunnel up hq-tunnel and it comes back in about
  thirty seconds.
0: The lifetime is 28,800 seconds for phase one, and for phase two it's 1,800, actually, 3,600 seconds.
1: What's the address of the headquarters peer?
0: 203.0.113.10. And the syslog server is 10.1.5.20, port 5514, not 514.
0: Rules. Never enable spanning tree portfast on an uplink, that takes down the whole floor. Firmware
  upgrades only on Sundays between one and five in the morning, and you need a change ticket approved by
  Priya before you touch anything.
1: Got it. Is there coffee left?
0: I think so. To prevent the voice VLAN thing, we push a template from the controller every night, it's
  called branch-access-v3. And backups of the configs go to slash srv slash tftp slash backups. If the
  backup job fails you'll see TFTP-ERR-12 in the log, that's a full disk, delete anything older than
  ninety days.
1: Thanks a lot, this was super useful. Have a great weekend.
""",
    literals=(
        "Catalyst 9300",
        "17.9.4",
        "FortiGate 60F",
        "VLAN is 99|VLAN 99",
        "VLAN 20",
        "Registering",
        "show interfaces status",
        "err-disabled",
        "switchport voice vlan 30",
        "no shutdown",
        "IKE negotiation failed",
        "no proposal chosen",
        "AES-256",
        "SHA-256",
        "group 14",
        "diagnose vpn ike log filter name hq-tunnel",
        "diagnose vpn tunnel up hq-tunnel",
        "thirty seconds|30 seconds",
        "28,800",
        "3,600",
        "203.0.113.10",
        "10.1.5.20",
        "5514",
        "portfast",
        "between one and five",
        "Sundays",
        "Priya",
        "branch-access-v3",
        "/srv/tftp/backups",
        "TFTP-ERR-12",
        "ninety days|90 days",
    ),
    pairs=(
        ("Registering|phones rebooting|lost its voice VLAN", "switchport voice vlan 30"),
        ("IKE negotiation failed|no proposal chosen", "diagnose vpn tunnel up"),
        ("TFTP-ERR-12", "older than ninety days"),
    ),
    noise=("see my screen", "unmute", "kids", "hilarious", "coffee", "great weekend", "super useful"),
    wrong=("1,800", "interfaces dash status"),
)

MOBILE_EN = Recording(
    name="mobile-en",
    language="en-GB",
    script="""
0: Hi everyone, welcome. Is this thing recording? Okay good.
0: Um, right, so, mobile releases. The app is React Native 0.73, we build with Fastlane on the Mac mini
  called forge, and we ship on a two week train. Builds go to TestFlight for iOS and to the internal
  track on Google Play.
1: Which Xcode version are we on?
0: 15.2. Do not upgrade Xcode by yourself, the pipeline pins it and the signing breaks.
0: So the failure everybody hits is code signing. The build stops with error No profiles for com dot
  brightpath dot rider were found. It's because the certificates in the match repository expired or your
  machine never fetched them. What you do is run fastlane match appstore dash dash readonly, and then
  clean the build folder. Never run match nuke, it revokes the certificates of every app in the company.
1: I have done that once at my old job, people still talk about it.
0: Ouch. Next one. Gradle dies with OutOfMemoryError, Java heap space, on the release build. You set
  org.gradle.jvmargs to -Xmx4g in gradle dot properties. It was two gigs by default. After that run
  ./gradlew clean, then ./gradlew bundleRelease.
1: What about the white screen on startup?
0: Oh yes, the white screen. On Android 14 the app opens and stays white. That is the Hermes bytecode
  out of sync with the native bundle. We fixed it by bumping the cache key in the workflow file, dot
  github slash workflows slash android dot yml. If a user reports it, tell them to reinstall, because
  clearing the cache is not enough.
0: Settings you should know. The API base URL is https://api.brightpath.example/v3, the request timeout
  is fifteen, scratch that, twenty seconds, and the feature flags refresh every five minutes. The
  minimum supported version is iOS 15 and Android 9.
1: And crash reports?
0: Sentry, project rider-app. The rule is that if the crash-free rate drops below 99.5 percent, we halt
  the rollout. Rollout goes 1, 10, 50, 100 percent, one day each. Only the release captain, that's Noor
  this month, can press the button.
1: Nice. I love that title.
0: To prevent another signing outage we added a calendar alert thirty days before the certificates
  expire. Anyway, lunch time. Thanks folks, bye.
""",
    literals=(
        "React Native 0.73",
        "Fastlane",
        "forge",
        "TestFlight",
        "15.2",
        "No profiles for",
        "com.brightpath.rider|com dot brightpath dot rider",
        "fastlane match appstore --readonly",
        "match nuke",
        "OutOfMemoryError",
        "org.gradle.jvmargs",
        "-Xmx4g",
        "gradle.properties|gradle dot properties",
        "./gradlew clean",
        "./gradlew bundleRelease",
        "Android 14",
        "Hermes",
        ".github/workflows/android.yml",
        "reinstall",
        "https://api.brightpath.example/v3",
        "twenty seconds",
        "five minutes",
        "iOS 15",
        "Android 9",
        "rider-app",
        "99.5",
        "release captain",
        "Noor",
        "thirty days",
    ),
    pairs=(
        ("No profiles for", "match appstore"),
        ("OutOfMemoryError", "-Xmx4g"),
        ("white screen|stays white", "cache key|reinstall"),
    ),
    noise=("welcome", "recording", "old job", "I love that title", "lunch"),
    wrong=("fifteen",),
)

HOSPITAL_PT = Recording(
    name="hospital-pt",
    language="pt-BR",
    script="""
0: oi gente boa noite a todos vamos começar que já passou da hora
1: boa noite
0: então o sistema do prontuário é o MV Soul versão 2023.4 e a integração com o laboratório é por HL7 na
  porta 2575 o servidor de integração é o srv-hl7-01
0: o problema mais comum é o exame que não aparece no prontuário o médico reclama que o resultado sumiu
  a primeira coisa é olhar a fila no Mirth Connect se a mensagem estiver com status ERROR e o código AE
  significa que o paciente foi cadastrado duas vezes
1: e como é que resolve
0: aí você unifica o cadastro na tela de unificação de prontuário e depois reenvia a mensagem com o
  botão reprocess message dali em trinta segundos o exame aparece
0: não pode apagar a mensagem da fila de jeito nenhum porque é documento legal tem que guardar por vinte
  anos
1: nossa vinte anos é mais que a idade do meu gato
0: pois é então outra coisa é a impressora de pulseira quando sai em branco é o ribbon que acabou ou foi
  colocado do lado errado troca o ribbon e calibra segurando o botão feed por cinco segundos o modelo é
  Zebra ZD510
0: o login trava depois de três tentativas erradas quer dizer cinco tentativas erradas e fica bloqueado
  por quinze minutos
1: e quem desbloqueia
0: o plantão da TI no ramal 4410 só com a matrícula do funcionário nunca passem a senha por telefone
  isso é regra da LGPD
0: e pra evitar fila parada a gente colocou um monitoramento no Zabbix que alerta quando tem mais de
  cinquenta mensagens paradas
0: bom é isso gente boa semana pra todo mundo
""",
    literals=(
        "MV Soul",
        "2023.4",
        "HL7",
        "2575",
        "srv-hl7-01",
        "Mirth Connect",
        "ERROR",
        "AE",
        "unificação de prontuário",
        "reprocess message",
        "trinta segundos",
        "vinte anos",
        "ribbon",
        "cinco segundos",
        "Zebra ZD510",
        "cinco tentativas",
        "quinze minutos",
        "4410",
        "LGPD",
        "Zabbix",
        "cinquenta mensagens",
    ),
    pairs=(
        ("não aparece no prontuário|código AE", "unifica o cadastro|reprocess message"),
        ("sai em branco", "troca o ribbon"),
    ),
    noise=("vamos começar", "meu gato", "boa semana"),
    wrong=("três tentativas",),
)

DATABASE_EN = Recording(
    name="database-en",
    language="en-US",
    script="""
0: Okay I think we're all here. Sorry about the delay, my dog got out again.
1: No worries.
0: So this session is the Oracle to Postgres runbook for the billing database. The primary is bill-db-1,
  the standby is bill-db-2, and we run PostgreSQL 14.11 with Patroni. The service port is 5433.
0: Most common page is replication lag. The alert says replica lag above 300 seconds. Usually it's a
  long transaction on the primary. You connect with psql dash h bill-db-1 dash p 5433 dash U dba and run
  select pid, now() - xact_start from pg_stat_activity order by 2 desc. If the session belongs to the
  reporting user you can terminate it. If it belongs to billing, call the owner first, always.
1: Does that lose data?
0: No, it rolls back. What does lose data is failing over while lag is high. Never run patronictl
  failover when lag is above ten megabytes. Use patronictl list to check it.
0: The second one is disk. When slash var slash lib slash pgsql fills up, the server stops with PANIC,
  could not write to file pg_wal. Don't delete anything in pg_wal by hand, that corrupts the cluster.
  The cause is normally a replication slot that nobody reads. Drop the slot with select
  pg_drop_replication_slot and the slot name, then the space comes back after the next checkpoint.
1: How big is the volume?
0: It's 500 gigs. No, correction, we grew it, 800 gigs.
1: Okay, 800.
0: Autovacuum. autovacuum_max_workers is six and work_mem is 64 MB. shared_buffers is 16 gigabytes,
  which is a quarter of the RAM. If you change shared_buffers you need a restart, and restarts are only
  allowed in the window on Tuesdays at 11 PM Eastern.
0: For backups we use pgBackRest, full on Sunday, differential every day, retention four weeks. To
  restore one table, restore to the scratch host bill-scratch and dump it with pg underscore dump dash t
  invoices. We rehearse this every quarter.
1: I could listen to this all day, but my stomach is growling.
0: Ha, same. Last rule: no schema change without a review by two people from the data team, and
  ORA-01555 in the old logs just means snapshot too old, you can ignore it.
""",
    literals=(
        "bill-db-1",
        "bill-db-2",
        "PostgreSQL 14.11",
        "Patroni",
        "5433",
        "300 seconds",
        "psql -h bill-db-1 -p 5433 -U dba",
        "pg_stat_activity",
        "call the owner",
        "patronictl failover",
        "ten megabytes",
        "patronictl list",
        "/var/lib/pgsql|slash var slash lib slash pgsql",
        "PANIC",
        "pg_wal",
        "pg_drop_replication_slot",
        "800",
        "autovacuum_max_workers",
        "six",
        "work_mem",
        "64 MB",
        "shared_buffers",
        "16 gigabytes",
        "Tuesdays",
        "11 PM",
        "pgBackRest",
        "four weeks",
        "bill-scratch",
        "pg_dump -t invoices",
        "two people",
        "ORA-01555",
        "snapshot too old",
    ),
    pairs=(
        ("replica lag above|replication lag", "terminate it"),
        ("could not write to file", "pg_drop_replication_slot"),
    ),
    noise=("my dog", "stomach", "sorry about the delay"),
    wrong=("500 gigs",),
)

RECORDINGS = (PLC_PT, SAP_PT, NETWORK_EN, MOBILE_EN, HOSPITAL_PT, DATABASE_EN)
