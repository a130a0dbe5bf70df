"""Portuguese: fillers, talk beside the subject, and the marks of technical content."""

from __future__ import annotations

from techne.transcripts.lexicon import Cue, Lexicon, phrases, stems, words

PORTUGUESE = Lexicon(
    hesitations=frozenset({"éé", "ééé", "éééé", "hã", "ãh", "ãhn", "hããn", "eee", "aaa", "ããã"})
    | frozenset({"hum", "hmm", "hm", "humm", "ahn", "ahnn", "uhm", "uh", "ã", "hãn", "hmmm"}),
    asides=phrases("né; tipo assim; sabe; sabe como é; como é que eu vou dizer; como é que se diz"),
    tags=words("né tá viu sabe hein"),
    cues={
        Cue.SALUTATION: phrases(
            "bom dia; boa tarde; boa noite; olá; oi; oi oi; sejam bem-vindos; bem-vindos"
        ),
        Cue.GREETING: phrases(
            "alô; bem vindos; seja bem-vindo; sejam todos bem-vindos; bom dia de novo; "
            "tudo bem com vocês; tudo bem por aí; tudo bom; tudo joia; tudo certinho; como vai; "
            "como vão; como vocês estão; prazer; muito prazer; prazer em conhecer; obrigado; obrigada; "
            "muito obrigado; muito obrigada; obrigado a todos; obrigada a todos; obrigado pela presença; "
            "obrigada pela presença; obrigado pela atenção; obrigada pela atenção; valeu; valeu mesmo; "
            "tchau; tchau tchau; até mais; até logo; até amanhã; até a próxima; até semana que vem; "
            "até segunda; abraço; um abraço; abraços; um abraço a todos; bom almoço; bom descanso; "
            "bom fim de semana; bom final de semana; bom feriado; boa semana; boa noite a todos; "
            "por hoje é só; foi um prazer; foi ótimo; bom trabalho pra vocês; de nada; por nada; "
            "imagina; disponha; que é isso; vou parar a gravação; vou encerrar a gravação; "
            "pode parar a gravação; pode encerrar a gravação"
        ),
        Cue.AUDIENCE: phrases(
            "pessoal; gente; galera; turma; todos; todas; a todos; a todas; todo mundo; pra todos; "
            "para todos; pra vocês; para vocês; vocês; com vocês; com todos; pra você; para você; time; "
            "amigos; viu; hein; aí; tá; né; professor; professora"
        ),
        Cue.BACKCHANNEL: phrases(
            "uhum; aham; ahã; hum; hum hum; certo; tá; tá certo; tá ok; beleza; belezinha; blz; show; "
            "show de bola; legal; bacana; perfeito; excelente; maravilha; joia; anotado; entendi; "
            "entendido; saquei; captei; combinado; fechado; boa pergunta; ótima pergunta; "
            "excelente pergunta; pois é; ah; ah sim; ah tá; ah ok; ah entendi; nossa; caramba; puxa; "
            "eita; opa; é mesmo; é verdade; verdade; sem problema; sem problemas; por mim não; "
            "por mim tudo bem; ficou bem claro; ficou claro; agora sim; agora entendi; que bom; "
            "que legal; que ótimo; enfim; dúvidas; alguma dúvida; mais alguma dúvida; peraí; "
            "só um minutinho; um minutinho; só um segundo; só um instante; um momento; faz sentido; "
            "vai lá"
        ),
        Cue.ANSWER: phrases(
            "sim; é; melhorou; e agora melhorou; ok; okay; tá bom; ótimo; tudo certo; tudo bem; "
            "tranquilo; boa; isso; isso mesmo; isso aí; exato; exatamente; correto; positivo; "
            "com certeza; claro; né; pode; pode sim; confirmo; é isso; é isso aí; é sim"
        ),
        Cue.AUDIO_CHECK: phrases(
            "me ouvindo; me ouvem; me ouve; me ouvir; me escutando; me escutam; me escuta; te ouvindo; "
            "te ouço; te escuto; estão ouvindo; estão escutando; tô ouvindo; tão ouvindo; tô te ouvindo; "
            "ouvindo bem; ouvindo sim; som tá chegando; som está chegando; áudio tá bom; áudio está bom; "
            "áudio ruim; áudio cortando; áudio está cortando; áudio tá cortando; sua voz; tua voz; "
            "voz cortando; cortando muito; pouquinho de eco; dando eco; está dando eco; seu microfone; "
            "meu microfone; microfone fechado; microfone desligado; no mudo; tá mutado; está mutado; "
            "mutado; mutada; trocar o fone; trocar de fone; meu fone; seu fone; abrir a câmera; "
            "ligar a câmera; desligar a câmera; fechar a câmera; minha câmera; sua câmera; seu vídeo; "
            "vendo a minha tela; vendo minha tela; vendo a tela; veem a minha tela; veem minha tela; "
            "ver a minha tela; ver minha tela; enxergando a tela; enxergando minha tela; "
            "estamos vendo sim; vendo sim; tá aparecendo a tela; está aparecendo a tela; "
            "compartilhar minha tela; compartilhar a minha tela; compartilhar a tela; "
            "compartilhando a tela; compartilhando minha tela; está gravando; tá gravando; "
            "estamos gravando; começou a gravar; começar a gravar; deixa eu gravar; vou deixar gravando; "
            "apertar o gravar; minha internet caiu; caiu minha internet; minha internet; você travou; "
            "travou aí; você congelou"
        ),
        Cue.PAUSE: phrases(
            "fazer um intervalo; fazer uma pausa; fazer um intervalinho; fazer uma pausinha; "
            "um intervalinho; minutos de intervalo; minutinhos de intervalo; minutos de pausa; "
            "minutos de café; falando em intervalo; pausa pro café; pausa para o café; pausa para café; "
            "pausa pro almoço; parar pra um café; parar para um café; parar agora pra um café; "
            "quer um café; tomar um café; tomar um cafezinho; vamos almoçar; parar pro almoço; "
            "parar para o almoço; hora do almoço; esticar as pernas"
        ),
        Cue.ERRAND: phrases(
            "aceito um café; quero um café; pegar um café; pegar um cafezinho; pegar uma água; "
            "buscar uma água; beber uma água; tomar uma água; ir ao banheiro; ir no banheiro; já volto; "
            "volto já; atender o telefone; atender um telefone; atender uma ligação; atender a porta; "
            "atender o interfone"
        ),
        Cue.RESUME: phrases(
            "voltamos; voltei; estamos de volta; todo mundo de volta; todos de volta; de volta; "
            "voltando; bem-vindos de volta; voltaram; perdi muita coisa; perdi alguma coisa; "
            "cadê todo mundo"
        ),
        Cue.SMALL_TALK: phrases(
            "desculpa o atraso; desculpe o atraso; desculpem o atraso; desculpa a demora; "
            "a gente nem começou; cheguei atrasado; cheguei atrasada; trânsito estava; trânsito tava; "
            "trânsito hoje; muito trânsito; caiu uma chuva; uma chuva que; que chuva; choveu muito; "
            "choveu demais; tá chovendo; está chovendo; chovendo aí; que calor; que frio; calor danado; "
            "frio danado; tempo fechou; o jogo ontem; jogo de ontem; o jogo do; viu o jogo; "
            "viram o jogo; assistiu o jogo; copa do mundo; futebol; campeonato brasileiro; brasileirão; "
            "final de semana foi; fim de semana foi; como foi o fim de semana; "
            "como foi o final de semana; foi o feriado; foram as férias; minha avó; meu avô; minha mãe; "
            "meu pai; minha esposa; minha mulher; meu marido; meu filho; minha filha; meus filhos; "
            "minhas filhas; minha sogra; minha namorada; meu namorado; as crianças; meu cachorro; "
            "minha cachorra; meu gato; minha gata; seu cachorro; seu gato; o cachorro do; o cachorro da; "
            "o gato do; o gato da; cachorro latindo; late pra; late para; coisa mais fofa; que fofo; "
            "que fofa; que gracinha; dormi mal; acordei às; acordei cedo; esse café; café está forte; "
            "café tá forte; café forte; café fraco; cafezinho; quem fez o café; churrasco; "
            "parabéns pelo aniversário; feliz aniversário; estou de folga; tô de folga; "
            "vou fechar a porta; meus pesadelos; contar uma piada; essa piada; kkk; haha; rsrs; "
            "preciso comer; morrendo de fome; morrendo de sono"
        ),
        Cue.HOMELY: phrases(
            "café; cafezinho; praia; jantar; jantei; almocei; pizza; cerveja; bolo; chá; aniversário; "
            "casamento; valsa; cachorro; gato; vó; avó; avô; sogra; febre; gripe; dormi; acordei; "
            "marginal; uber; carnaval; novela; netflix; academia; vizinho; vizinha; piada; pesadelo; "
            "pesadelos; entregador; campainha; fome; fofo; fofa; ressaca; chuva; churrasco; futebol"
        ),
        Cue.NEUTRAL: phrases(
            "graças a; obrigado a fazer; obrigada a fazer; café da manhã do servidor; valeu a pena; "
            "jogo de dados; jogo de teste; boa prática; boas práticas"
        ),
        Cue.TECHNICAL: phrases(
            "minutos de intervalo entre; minutos de pausa entre; fazer uma pausa entre; "
            "nota fiscal; notas fiscais; ordem de serviço; ordem de produção; chão de fábrica; "
            "passo a passo; por cento; banco de dados; boas práticas; boa prática; centro de custo; "
            "plano de contas; não pode; não podem; não deve; não devem; tem que; têm que; precisa ser; "
            "não mexe; não mexam; não façam; não faça; não usem; não use; em hipótese alguma; "
            "de jeito nenhum; sob risco; regra de negócio; dois traços; dois pontos"
        ),
    },
    technical_stems=stems(
        "configur reinici reinic servidor servic valvul pressao pressoes sensor tabel consult arquiv "
        "senha motor calibr pacient prontuari medicament monitor infus oximetr ventilador cateter "
        "esteriliz desinfec instal atualiz versao versoes sistem aplicac aplicat process memoria "
        "execut comand script codig variave parametr ambient produc homolog usuari permiss acess "
        "certificad criptogr rotead firewall tensao voltag temperatur vazao compress contator "
        "inversor disjuntor solda parafus torque lubrific filtr formul planilh celula coluna macro "
        "grafic relatori cadastr fatur estoque impost tribut bolet pagament transac estorn contrat "
        "fornecedor lote material inventari deposit lancament contabil alarm alert mensag topic "
        "consumidor cluster contain docker kubern imagem endpoint requisic respost timeout conex "
        "conect desconect driver impressor botao botoes clic menu campo digit tecl selecion erro "
        "falh defeit problem sintom causa diagnost solucion soluc resolv corrig correc ajust verific "
        "confer confira confiram confirma confirme test valid mont desmont troc substitu manuten "
        "prevent corretiv limpe limpar inspec medir medida medidor medicao build deploy deploi "
        "rollback commit branch merge pipeline release backup restaur replic migrac migr login logad "
        "token chave secret hash json yaml csv sql xml http url api web sap excel word power circuit "
        "eletric hidraul pneumat mecanic bomba tubul cabo fio placa fusivel bateri carreg aliment "
        "equipament dispositiv aparelh maquin operad operac proced normativ regra polit segur risco "
        "perig proib obrigat import export integr interface protocol modbus profinet ethernet wifi "
        "switch vlan rota dns dhcp gateway proxy sub-rede pacote laten banda tarefa job agend fila "
        "evento gatilho trigger indice chave-prim registr dado dados informac cliente pedido produto "
        "venda compra preco desconto aprov autoriz cancel emit emiss envi receb grav salv apag exclu "
        "delet criar criou criad edit copi mov renome exame laudo dose soro bolsa alta leito triagem "
        "cirurg frequenc amplitud ganho sinal fase ciclo etapa fluxo linha nivel limite maxim minim "
        "padrao default opcao opcoes funcao funcoes metodo classe objeto biblioteca pacot depend "
        "ferrament software hardware firmware bios kernel disco particao volum nuvem projet cham "
        "ticket incident suporte plantao escal detect rod reproces sincron"
    ),
    technical_words=words(
        "banco bancos log logs conta contas norma normas painel painéis regua cargas rede redes "
        "porta portas ip ips pod pods clp ihm crm erp bi ti rh bug bugs bits byte bytes cpu ram ssd "
        "gpu vm vms app apps tela telas aba abas janela janelas pasta pastas mouse caminho raiz "
        "barra traço underline arroba cerquilha hífen asterisco oleo gas vapor agua-gelada freio "
        "eixo rolamento correia relé relés cano turbina caldeira esteira robo robos laser sonda"
    ),
    rules=words(
        "nunca sempre jamais obrigatorio obrigatoria proibido proibida deve devem devera precisa "
        "precisam necessario necessaria cuidado atencao importante evite evitem nao-pode exige "
        "exigem lembrem lembre"
    ),
    imperatives=words(
        "coloca tira põe bota pega espera chama puxa solta gira encaixa volta passa aguarda abra "
        "abram feche fechem clique cliquem aperte apertem pressione pressionem gire girem ligue "
        "liguem desligue desliguem rode rodem use usem coloque coloquem tire tirem insira insiram "
        "remova removam espere esperem aguarde aguardem faça façam vá entre entrem escolha escolham "
        "marque marquem desmarque confira confiram olhe olhem veja vejam puxe puxem solte soltem "
        "encaixe aplique preencha anote anotem confere roda abre fecha clica aperta edita apaga mata "
        "liga desliga renova"
    ),
    first_person=words("eu meu minha meus minhas mim me comigo fui tava dormi acordei fiquei tô"),
    openers=words(
        "então bom agora-vamos vamos primeiro segundo próximo próxima continuando voltando seguindo "
        "enfim resumindo sobre quando se porque olha-só isso hoje"
    ),
    numerals=words(
        "dois duas três quatro cinco seis meia sete oito nove dez onze doze treze quatorze catorze "
        "quinze dezesseis dezessete dezoito dezenove vinte trinta quarenta cinquenta sessenta "
        "setenta oitenta noventa cem cento duzentos duzentas trezentos trezentas quatrocentos "
        "quinhentos quinhentas seiscentos setecentos oitocentos novecentos mil milhão milhões"
    ),
    units=words(
        "gb mb tb kb giga gigas mega megas tera byte bytes gigabytes megabytes ms milissegundos bar "
        "bars psi pascal kpa mpa volt volts v kv mv ampere amperes ohm ohms watt watts kw hz khz mhz "
        "ghz rpm kg mg mcg g gramas quilos ml litros litro mm cm metros milímetros centímetros "
        "polegadas graus celsius porcento reais dólares euros vezes tentativas linhas colunas mmhg "
        "bpm dbm db pontos casas dígitos caracteres"
    ),
    clock_units=words(
        "segundo segundos minuto minutos minutinho minutinhos hora horas horinha dia dias semana "
        "semanas mês meses ano anos h min"
    ),
    connectors=words(
        "e o a os as um uma que de do da dos das em no na nos nas por pra para com se é mas ou ao à sem não"
    ),
)
