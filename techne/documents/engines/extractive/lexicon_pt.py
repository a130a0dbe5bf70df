"""Portuguese cues, without accents. See `lexicon.Cues` for what each is used for."""

from techne.documents.engines.extractive.lexicon import Cues, Labels

_ACTIONS = (
    # Stems of the verbs that instructions are made of; every mood and person of speech may follow.
    "abr|acess|acion|adicion|ajust|alter|apag|apert|aplic|apont|aguard|agend|ativ|atualiz|aument|baix|"
    "bloque|busc|calibr|carreg|cham|chec|cliqu|clic|coloc|compar|compil|conect|confer|confir|configur|"
    "consult|"
    "copi|corrig|cri|defin|deix|deslig|desativ|desabilit|desmont|desinstal|destrav|diminu|digit|drop|"
    "edit|encerr|entr|envi|escal|escolh|esper|espelh|exclu|execut|export|fech|forc|"
    "gar[ae]nt|ger|grav|habilit|import|inclu|inform|inici|insir|inser|instal|isol|jog|lig|limit|limp|list|"
    "marc|mat|mont|mand|mov|mud|mude|nave|olh|par|pass|peg|pressi|preench|procur|publi[cq]|"
    "reabr|recarreg|reconstr|reduz|refaz|reinici|reinstal|reindex|reenvi|remov|renov|repi[tr]|reproces|"
    "resta?ur|"
    "retir|reset|revis|rod|sai|salv|segur|selecion|sincroniz|sob|solicit|sub|substitu|suspend|"
    "tent|test|tir|tro[cq]|us|utiliz|valid|vej|verifi[cq]|volt|zer"
)
_ENDINGS = "(?:a|e|o|ei|i|ou|iu|am|em|ar|er|ir|amos|emos|ue|uem|que|quem|ando|endo|indo)(?:-[ao]s?|-se)?"

CUES = Cues(
    abbreviations=r"sr|sra|dr|dra|eng|prof|ex|etc|pag|num|obs|vs|p\.ex|av|tel|ref|aprox|min|max|no|art|fig",
    leading=(
        r"(?:bom|bem|ai|ta|ta bom|ta certo|ok|okay|beleza|certo|isso|isso mesmo|exato|exatamente|olha|"
        r"olha so|"
        r"veja(?: bem)?|assim|tipo|hein|gente|pessoal|galera|perfeito|legal|show|otimo|boa|claro|sim|"
        r"nao|sabe|"
        r"alias|lembrando|digamos|no caso|nesse caso|detalhe|ponto importante|atencao|outra coisa(?: "
        r"importante)?|"
        r"uma coisa importante|mais uma coisa|a primeira coisa|primeira coisa|imagina|agora|perdao|"
        r"desculpa|"
        r"desculpem|importante|na pratica|no fim das contas|so pra (?:situar|lembrar|"
        r"reforcar)[^,]{0,20})(?=\s*[,;:…])|"
        r"entao|bom|pois e|e ai|ai sim|ai|agora sim|enfim|ne|hum+|hm+|ahn?|ah|eh+|e{2,}|uh+|boa pergunta|"
        r"otima pergunta|com certeza|na real|na verdade|lembrando que|vale lembrar que|so lembrando que|"
        r"como (?:eu|a gente) (?:falei|disse|comentei|falou|viu)|vamos dizer|quer dizer|e|mas|so que|"
        r"ou seja|dai|"
        r"por sinal|a proposito|inclusive|basicamente|anotem(?: ai)?|anota ai|gravem isso|e que|tipo assim"
    ),
    trailing=(
        r"ne|ta|ta bom|ta certo|ok|certo|viu|sabe|entendeu|entenderam|beleza|ta\? certo|hein|tudo bem|"
        r"pessoal|gente|galera|e isso|e tal|e tudo(?: mais)?|por favor|combinado|fechado|de acordo|"
        r"perceberam|faz sentido|nao e|sacou|sacaram|la|assim"
    ),
    aside=(
        r"perdao|desculpa|ne|ta|sabe|tipo|assim|hum+|hm+|ahn?|eh+|e{2,}|uh+|enfim|digamos|digamos "
        r"assim|vamos dizer|"
        r"vamos dizer assim|deixa eu ver|como eu (?:falei|disse|comentei)|entendeu|olha|ta bom|ok|certo|"
        r"por assim dizer|sei la|bom|entao|viu|gente|pessoal|na verdade|de fato|basicamente|inclusive|claro"
    ),
    framing=(
        r"o que acontece(?: aqui)? e que|acontece que|o que (?:a gente|voce|voces|eu) (?:faz|fazem|faco) e|"
        r"e o seguinte|e que|o negocio e que|a questao e que|a ideia e que|o lance e que|o ponto e que|"
        r"(?:a gente|eu|voce|voces) (?:vai|vou|vao) ver que|(?:como )?(?:eu|a gente) (?:falei|disse|"
        r"falou) que|"
        r"(?:eu )?(?:queria|quero|vou) (?:so )?(?:lembrar|reforcar|dizer|falar|deixar "
        r"registrad[oa])(?: aqui)?"
        r"(?: pra voces)?(?: que)?|(?:uma coisa|o) que (?:eu )?(?:preciso|quero) deixar "
        r"registrad[oa](?: e que)?|"
        r"voces (?:lembram|sabem) que|percebam que|reparem que|notem que|repara que|"
        r"importante (?:lembrar|dizer|saber) que|e importante (?:lembrar|dizer|saber) que|"
        r"(?:tem )?uma coisa que eu preciso deixar registrada"
    ),
    strong_correction=(
        r"(?:(?:nao|opa|ops|ih|ai|epa|hum|eh)[,.!… ]+)*(?:nao[, ]+)?(?:perdao|(?:me )?desculp[ae](?:m)?|"
        r"desculpa ai|corrigindo|correcao|me corrigindo|minto|menti|me enganei|errei|falei errado|"
        r"falei besteira|"
        r"quer dizer|ou melhor|melhor dizendo|digo|retificando|retifico|engano meu|erro meu|me confundi|"
        r"confundi|esquece|apaga isso|deixa eu corrigir|vou corrigir|nao e isso|(?:mas )?o (?:certo|"
        r"correto) e|"
        r"o valor (?:certo|correto) e|a (?:certa|correta) e|nao[, ]+pera(?:i)?|pera(?:i)?[, ]+nao|"
        r"espera[, ]+nao|nao[, ]+espera)"
    ),
    weak_correction=r"nao(?:[, ]+nao)*|alias|na verdade|opa|ops|na realidade|de fato|pera(?:i)?|espera",
    negated_value=(
        r"(?:nao (?:e|sao|era|eram|esta|fica|foi|usa|tem)(?: mais)?|nao(?: mais)?|em vez de|"
        r"(?:eu )?(?:falei|disse|tinha (?:falado|dito))(?: que (?:e|era|sao|eram))?|era|eram)"
        r"(?: (?:o|a|os|as|de|em|na|no|por))?"
    ),
    copula=r"e|eh|sao|era|eram",
    explanation=(
        r"(?:isso )?(?:era|foi|e) (?:o|a)?\s?(?:antig|velh|do|da|de|no|na|antes|ano|mes|semana|outr)\w*.*|"
        r"falei errado|me confundi|me enganei|estava olhando.*|mudou.*|antigamente.*|"
        r"(?:agora|hoje|atualmente)|mentira|nao e isso|esquece|confundi.*|errei"
    ),
    afterthought=(
        r"e (?:todo mundo|ninguem|assim|por ai|foi|fica)|o que (?:e|foi)|que (?:e|foi) (?:uma|um)|"
        r"voces? (?:imaginam?|sabem?|viram?)|como (?:voces|a gente)|nem \w+ndo"
    ),
    joining=(
        r"(?:e|ai|entao|mas|so que) (?:(?:ai|entao|agora|depois) )?(?:eu|el[ea]s?|isso|nos|a gente|"
        r"voces?|foi|"
        r"e|ficou|pronto|nada|todo mundo|ninguem|alguem|o pessoal|assim|tal|tudo|por ai|deu|esta|ta)|"
        r"porque|pois|que|o que|ja que|ou seja|igual|tipo|dai|por isso|quem|inclusive|ate porque|como se"
    ),
    defining=r"(?:o )?que (?:e|sao|era|significa|quer dizer)|ou seja",
    hypothesis=r"se (?:for|estiver|tiver|der|o|a|ele|ela|nao|aparecer|vier|voce)|ou|senao",
    limiting=(
        r"(?:mas |e |ou )?(?:nao|nunca|nem|exceto|so|somente|apenas|caso|a menos|a nao ser|se|ate|antes|"
        r"depois|quando|enquanto|sem|em vez|salvo|fora)"
    ),
    finite=(
        r"e|sao|foi|foram|era|eram|esta|ta|estava|tava|vai|vao|tem|tinha|fica|ficou|ficava|a gente|eu|"
        r"ele|ela|"
        r"eles|elas|voce|voces|isso|ninguem|\w+(?:ou|aram|eram|iram|ava|avam)"
    ),
    relative=r"que|o que|quem|como se|pelo amor|gracas a|como (?:voces|sempre|eu|diz)|que nem|por sinal",
    negation=(
        r"nao|nunca|jamais|nem|sem|exceto|so|somente|apenas|a menos|senao|caso contrario|em vez|se|ate|"
        r"antes|depois|quando|ninguem|nenhum\w*|salvo|fora|tod[oa]s?|cada|qualquer|ambos"
    ),
    error=(
        r"erros?|falh(?:a|as|ou|am|ar|ando|aram|e|em)|excec(?:ao|oes)|alarmes?|defeitos?|"
        r"indisponive(?:l|is)|fora do ar|recusad[oa]s?|negad[oa]s?|rejeit(?:ad[oa]s?|a|ou|am)|"
        r"expir(?:ad[oa]s?|ou|a|aram)|vencid[oa]s?|invalid[oa]s?|corrompid[oa]s?|duplicad[oa]s?|"
        r"duplicidade|"
        r"estour(?:a|ou|ado|ada|am|aram|o|ando)|trav(?:a|ou|ad[oa]s?|ando|am|aram|amento)|panes?|"
        r"quebr(?:a|ou|ad[oa]s?|am|ando|aram)|divergencias?|divergentes?|inconsisten(?:te|tes|cia|cias)|"
        r"vazamentos?|vaz(?:a|ando)|lentid(?:ao|oes)|corromp\w+|deadlock|loop infinito|tela azul|"
        r"tela preta|"
        r"bloquead[oa]s?|desconect(?:a|ou|ad[oa]s?)|perda de pacotes?|sobrecarga|superaquec\w+|curto|"
        r"incidentes?|problema|problemas|sintomas?"
    ),
    symptom=(
        r"dor(?:es)? de cabeca|deu (?:muito |um )?trabalho|"
        r"fic(?:a|ou|ava|am|avam|ando) (?:\w+ )?\w+ndo|"
        r"nao (?:esta |estava |estao |ta )?(?:mais )?(?:\w+ndo|sob\w+|conect\w+|respond\w+|abr\w+|inici\w+|"
        r"funcion\w+|carreg\w+|aparec\w+|cheg\w+|lig\w+|imprim\w+|consegu\w+|acess\w+|encontr\w+|"
        r"ach\w+|compil\w+|"
        r"atualiz\w+|sincroniz\w+|process\w+|entr\w+|vem|vai|sai|fecha|bate|comunic\w+|autentic\w+|grav\w+|"
        r"autoriz\w+|instal\w+|termin\w+|volt\w+|reconhec\w+)|"
        r"(?:fic(?:a|ou|am)|est(?:a|ava|ao)|ta) (?:\w+ )?(?:lent\w+|trav\w+|parad\w+|pres\w+|offline|"
        r"pendente\w*|"
        r"chei\w+|desatualizad\w+|vazi\w+|suj\w+|em branco|pisca\w+|vermelh\w+|instave\w+|pesad\w+|"
        r"atrasad\w+|errad\w+)|"
        r"ca(?:i|iu|em|iram|indo)|parou(?: de)?|para de|demora\w*|reclama\w*|acus(?:a|ou|ando)|"
        r"reinicia sozinh\w|some(?! (?:um|uma|o|a|os|as|com)\b)|sumiu|somem|perd(?:e|eu|em|endo)|"
        r"da pau|deu pau|deu ruim|"
        r"da (?:erro|timeout|problema)|deu (?:erro|timeout|problema)|apita\w*|aparec(?:e|ia|eu|em)|"
        r"desarm\w+|dava|devolv(?:e|ia|eu)|rejeic(?:ao|oes)|dizia(?:m)?|mostrava|nada de \w+"
    ),
    reporting=(
        r"dava|deu|dando|dar|aparec\w+(?: como)?|mostrava|ler|diz(?:endo|ia|iam)?(?: que)?|acusa\w*|"
        r"devolv\w+|"
        r"(?:erro|sintoma|mensagem|problema) (?:e|era)(?: que)?(?: o| a)?|reclama(?:va|ndo)? d[eoa]|"
        r"desarmando com|"
        r"retorn\w+|cham\w+|vendo"
    ),
    joint=r"e|mas|porque|quando|enquanto|que|se|depois|antes|ou|pois|ai|entao",
    reports=r"(?:diz|dizendo|dizia|mensagem|aparec\w+|acusa\w*|mostrava|escrito|a frase)(?= \w+ \w+)",
    asks_of_trouble=(
        r"(?:e |mas |entao |ai )?(?:d[aeo]s? \w+,? )?(?:se|quando|e se|e quando|por que|"
        r"o que faz(?:er)? (?:se|quando))"
    ),
    new_problem=(
        r"(?:problema|erro|caso|chamado|defeito) (?:que )?mais (?:comum|aparece|frequente)|"
        r"numero (?:um|dois|tres|quatro)|"
        r"(?:outr[oa]|proxim[oa]|segund[oa]|terceir[oa]|quart[oa]|quint[oa]|sext[oa]|setim[oa]|"
        r"ultim[oa]|primeir[oa]|mais um) "
        r"(?:problema|erro|caso|chamado|falha|incidente|defeito|sintoma|e|eh|alarme|classico|situacao|"
        r"coisa|tema|assunto)|"
        r"o (?:segundo|terceiro|quarto|quinto|sexto|setimo|proximo|ultimo)|"
        r"agora (?:vamos|o|a|um|uma|outro|outra)|mudando de|passando p(?:a)?ra|vamos (?:falar|"
        r"p(?:a)?ra|ver|passar|ao|a)|"
        r"falando (?:de|em|agora)|tem (?:tambem|outr[oa])|^e quando|^e se|o chamado chega|problema classico"
    ),
    diagnosis=(
        r"diagnostic\w+|causa(?:s|da|do)?(?: raiz)?|culpad[oa]|por causa d\w+|significa(?: que)?|quer "
        r"dizer que|"
        r"indica(?: que)?|mostra(?: que)?|aponta p\w+|investig\w+|verifi[cq]\w+|confer\w+|olh(?:a|e|ar|"
        r"o|em|am)|"
        r"chec\w+|consult\w+|sinal de que|e sinal|descobr\w+|vem d[eoa]|origem|o motivo|a razao|"
        r"costuma ser|"
        r"geralmente e|normalmente e|quase sempre e|sai no log|no log|nos logs|aparece no"
    ),
    cause=(
        r"porque|por que|por causa d\w+|causa\w*|culpa|motivo|razao|devido|ja que|pois|e que|acontece "
        r"quando"
    ),
    solution=(
        r"soluc(?:ao|oes)|o (?:certo|correto|ideal|recomendado) e|solucion\w+|resolv\w+|corrig\w+|"
        r"correcao|conserta\w*|contorn\w+|remedi\w+|"
        r"o jeito e|a saida e|o que (?:a gente|voce|voces|eu) faz\w*|basta|e so|so precisa|"
        r"ai (?:voce|a gente|voces)|tem que (?:reinici|troc|limp|rod|renov|atualiz|alter|mud|ajust|"
        r"aument|reproces|refaz)\w+|"
        r"para (?:resolver|corrigir|sair|destravar|recuperar|voltar)|pra (?:resolver|corrigir|sair|"
        r"destravar|recuperar|voltar)|"
        r"rollback|restaur\w+|reinici\w+|reprocess\w+|volta(?:r)? (?:a|ao|pra|para|tudo|sozinh\w|a "
        r"funcionar)|"
        r"libera\w*|destrav\w+|normaliz\w+|aument(?:a|e|ar|amos|ou)|recarreg\w+|reconfigur\w+|"
        r"substitu\w+|tro(?:ca|que|car|camos)"
    ),
    action=f"(?:{_ACTIONS}){_ENDINGS}|ponha|poe|faca|faz|fazer|va em|vai em|ve|ver|da um|de um|dar um",
    look=(
        r"ver|veja|olh\w+|verifi\w+|confer\w+|consult\w+|chec\w+|mostr\w+|list\w+|diagnost\w+|"
        r"descobr\w+|test\w+|monitor\w+|acompanh\w+"
    ),
    run=(
        r"rod(?:a|e|ar|em|am|ando|o)|execut(?:a|e|ar|em|am|ando|o)|digit(?:a|e|ar|em|am|ando)|"
        r"comando(?: e)?|"
        r"da um|de um|dar um|faz um|faca um|usa o|usar o|use o|manda um|manda"
    ),
    typed=(
        r"digit(?:a|e|ar|em)|o comando(?: aqui)? e|(?:com|usando|rodando|pelo) o comando|roda(?:r|m)? "
        r"o comando|rode o comando|execut(?:a|e|ar) o comando"
    ),
    obligation=(
        r"deve(?:m|mos|ria|ra|rao)?|dev(?:er|ia)|tem que|temos que|tem de|tinha que|precis(?:a|am|amos|"
        r"ar)|necessari[oa]s?|"
        r"obrigatori\w+|obrigad[oa]s?|sempre|exig\w+|so (?:o|a|os|as|em|com|quem|na|no|nas|nos)|"
        r"e regra|a regra|regras?|politica|norma|procedimento|"
        r"so pode\w*|somente|apenas|no maximo|no minimo|ate [oa]s?|limite|prazo|e proibido|tera que|ha de|"
        r"aprov(?:acao|ad[oa]|ar|a)|autoriza(?:cao|d[oa]|r)|permitid[oa]|fica combinado|a partir de"
    ),
    prohibition=(
        r"nunca(?! \w+(?:ou|aram|eram|iram|iu|ava|ia|eu)\b)|jamais|ninguem (?!\w*(?:ou|va|eu|iu)\b)\w+|"
        r"(?:so|somente|apenas) (?:o|a|os|as|quem) [^.]{0,60}\bpode\w*|(?<=[,;:.] )nao (?:se "
        r")?\w{3,}(?:em|"
        r"am)|(?<!.)nao (?:se )?\w{3,}(?:em|am)|nao (?:pode|podem|podemos|deve|devem|devemos|e "
        r"permitido|e pra|e para|faca|faz|fazer|rode|roda|"
        r"use|usa|usar|mexa|mexe|mexam|apague|apaga|reinicie|reinicia|deixe|deixa|deixem|coloque|"
        r"coloca|altere|altera|"
        r"tente|tenta|esqueca|esquece|confie|silencia|silencie|desligue|desliga|remova|execute|abra|abre|"
        r"compartilhe|compartilha|instale|atualize|suba|sobe|force|clique|clica|copie|va|vale|toque|"
        r"rodem|usem|facam|"
        r"mande|manda|crie|cria|edite|edita|troque|aceite|aceita|libere|passe|passa|ligue|tire|corte|"
        r"delete|deleta)|"
        r"proibid[oa]|vedad[oa]|de jeito nenhum|em hipotese (?:nenhuma|alguma)|evitem?|nem pensar"
    ),
    risk=(
        r"riscos?|perig\w+|cuidado|atencao|critic[oa]s?|grave|derrub(?:a|ar|ou|am)|perde(?:r|m|mos)? "
        r"(?:os |tudo|dad|o )\w*|"
        r"apag(?:a|ar|ou) (?:tudo|os|o|a)|irreversive\w+|nao tem volta|sem volta|prejuizo|multa|"
        r"vulnerab\w+|"
        r"expo(?:e|sto|sta)|vaza(?:r)? (?:dad|senha)\w*|pode (?:causar|perder|corromper|derrubar|"
        r"travar|parar|queimar|danificar|"
        r"ferir|bloquear|apagar|duplicar|vazar|gerar|quebrar)|acidentes?|queim(?:a|ar|ou)|danific\w+|"
        r"ponto unico de falha"
    ),
    prevention=(
        r"prevenc(?:ao|oes)|prevenir|previn\w+|preventiv[oa]s?|(?:pra|para) (?:isso )?nao (?:acontecer|"
        r"voltar|repetir|ter|dar|cair|se repetir)|"
        r"(?:pra|para) evitar|evita(?:r)?(?: que)?|antes que|alertas?|monitora(?:r|mento|mos|ndo)|"
        r"backups?|agend(?:ad[oa]|amos|ar)|"
        r"com antecedencia|checklist|rotina de|revis(?:ar|ao) (?:mensal|semanal|trimestral|periodica)|"
        r""
        r"criamos|colocamos um|passamos a|a partir (?:de agora|dai)|automatiz\w+|nao acontec\w+ "
        r"(?:mais|de novo)"
    ),
    setting=(
        r"parametros?|configurac(?:ao|oes)|configurad[oa]s?|variave(?:l|is)|porta|timeout|limite|"
        r"valor(?:es)?|padrao|"
        r"default|versao|ajust(?:ad[oa]|e)|definid[oa]s?|setad[oa]|habilitad[oa]s?|desabilitad[oa]s?|"
        r"flag|chave|"
        r"propriedade|opcao|opcoes|campo|intervalo|tamanho|quantidade|igual a|e de|fica em|memoria|"
        r"endereco|usuario|"
        r"perfil|retencao|replicas?|janela|frequencia|cota|capacidade|prioridade|nivel"
    ),
    changed=(
        r"(?:colo(?:quei|camos|cou)|pus|pusemos|botei|botamos|deix(?:ei|amos|ou)|mud(?:ei|amos|ou)|"
        r"subi(?:mos|u)?|"
        r"aument(?:ei|amos|ou)|baix(?:ei|amos|ou)|set(?:ei|amos|ou)|ajust(?:ei|amos|ou)|troquei|trocamos|"
        r"trocou|"
        r"pass(?:ei|amos|ou)|volt(?:ei|amos)|lig(?:uei|amos)|deslig(?:uei|amos)|configur(?:ei|amos|ou)|"
        r"limit(?:ei|amos|ou)|reduzi(?:mos|u)?|zer(?:ei|amos|ou)|reset(?:ei|amos|ou)|dobr(?:ei|amos|ou))\b"
        r"[^.;]{0,50}\b(?:pra|para|em|de|por|como)"
    ),
    schedule=(
        r"(?:tod[oa]s?(?: [oa]s)?|cada|(?:primeir|segund|terceir|ultim)[oa]) (?:\w+ )?(?:dias?|noites?|"
        r"manhas?|semanas?|"
        r"mes(?:es)?|trimestres?|horas?|segunda-feira|terca-feira|quarta-feira|quinta-feira|sexta-feira|"
        r"sabados?|"
        r"domingos?|turnos?)(?! em dia)|"
        r"(?:uma vez|duas vezes|\w+ vezes) (?:por|ao|a) (?:dia|semana|mes|ano|trimestre|turno)|"
        r"ate o (?:dia|fim|final)|prazo|uteis"
    ),
    location=(
        r"fica(?:m)? (?:em|no|na|nos|nas|dentro)|esta(?:o)? (?:em|no|na)|caminho|pasta|diretorio|"
        r"arquivo|endereco|servidor|repositorio|painel|menu|transacao|tela|aba"
    ),
    concept=(
        r"(?:e|sao) (?:o|a|um|uma|os|as|quem|basicamente|tipo|como|onde|responsave(?:l|is)|aquel[ea])|"
        r"significa|"
        r"se chama|chama(?:do|da|mos|-se)?|serve (?:p(?:a)?ra)|funciona|responsave(?:l|is)|faz parte|"
        r"conhecid[oa] como|"
        r"represent\w+|compost[oa]|cham\w+ de|ou seja|diferenca entre|a diferenca|recebe|envia|grava|"
        r"le d[eoa]|roda (?:em|no|na)|depende de"
    ),
    condition=(
        r"se|quando|caso|toda vez que|sempre que|enquanto|depois (?:de|que|disso)|antes (?:de|que|"
        r"disso)|ate que|assim que|so se|a menos que"
    ),
    reason=(
        r"porque|por isso|senao|por causa|ja que|pois|para que|dai|entao|portanto|por conta|devido|com "
        r"isso|isso faz|assim"
    ),
    restriction=(
        r"so|somente|apenas|menos|exceto|no maximo|no minimo|pelo menos|ate|acima de|abaixo de|mais de|"
        r"menos de|entre"
    ),
    units=(
        r"segundos?|minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|ms|milissegundos?|microssegundos?|"
        r"reais|centavos|dolares|por cento|"
        r"[kmgt]i?b(?:ps|it|its|ytes)?|kbytes|megas?|gigas?|teras?|quilos?|bytes?|bits?|volts?|v|kv|"
        r"amperes?|a|ma|watts?|w|kw|hertz|hz|khz|mhz|ghz|"
        r"graus?|celsius|c|metros?|mm|cm|km|milimetros?|centimetros?|bar|psi|rpm|replicas?|pods?|nos|"
        r"conexoes|threads?|linhas?|registros?|"
        r"mensagens|tentativas?|vezes|usuarios?|pessoas?|itens|paginas?|pontos|cores|nucleos?|cpus?|"
        r"slots?|particoes|da manha|da tarde|da noite|uteis|"
        r"horas da|de cada|mil|milhao|milhoes|caracteres|digitos|instancias|maquinas|servidores|"
        r"licencas|pacotes|requisicoes|arquivos|mb|gb|ml|mg|litros?"
    ),
    noise=(
        r"bom dia|boa (?:tarde|noite)|bem[- ]vind[oa]s?|ate (?:logo|mais|amanha|a proxima|segunda|"
        r"semana que vem)|tchau|"
        r"(?:muito )?obrigad[oa](?: (?:a todos|pessoal|gente|viu|pela|pelo|por)\b.*)?|valeu|abracos?|"
        r"bom (?:almoco|fim de semana|final de semana|descanso|feriado)|"
        r"tudo (?:bem|bom|certo)(?: com)?(?: voces| ai)?\?|como (?:vao|voces estao|foi o)|futebol|jogo "
        r"(?:de )?ontem|o jogo(?! da velha)|"
        r"feriado|ferias|cachorr\w+|gat[oa]s?|churrasco|aniversario|transito|casamento|netflix|meus? "
        r"filh\w+|minhas? filh\w+|"
        r"micro-ondas|lasanha|janta\w*|sopa|geladeira|vizinh[oa]s?|sanduiche|cozinh\w+|avo|meu (?:marido|"
        r"irmao|pai|tio|"
        r"primo|cunhado)|minha (?:esposa|mulher|irma|mae|tia|prima|sogra)|academia|dentista|violao|"
        r"cantar|guarda-chuva|sapatos?|praia|feijoada|cuscuz|tapioca|"
        r"pao de queijo|brigadeiro|novela|engarrafamento|"
        r"cafezinho|cafe|almoc\w+|lanch\w+|bolo|pizza|banheiro|chuva|calor|frio|piada|rs|risos|kkk+"
    ),
    logistics=(
        r"^volto\b[^,]{0,20}|"
        r"(?:me|estao|conseguem|da pra|ta|tao|voces|esta) ?(?:me )?(?:ouvi\w+|escut\w+)|(?:vendo|ver|"
        r"veem|enxerga\w+|aparece\w+|aparecendo) "
        r"(?:a |na |minha |pra voces |a minha )*(?:tela|slide|apresentacao)|compartilh\w+ (?:a |minha |"
        r"a minha |aqui )*(?:tela|slide|apresentacao)|"
        r"(?:minha|sua) (?:tela|camera|internet|conexao)|microfone|(?:no )?mudo|mutad[oa]|eco\b|fone|"
        r"camera|"
        r"(?:esta|ta|estamos|to|comec\w+ a|vou|pode) grava(?:ndo|r)|a gravacao|(?:faz\w*|vamos|hora "
        r"d\w|antes d\w|depois d\w|pr\w|um|de) (?:um )?(?:intervalo|pausa|pausinha)(?! (?:de|entre|"
        r"maxim|minim|configur))|"
        r"(?:volt(?:o|amos|emos)|a gente volta|retom\w+) (?:em|daqui|as|ja|aqui)|(?:intervalo|pausa) "
        r"de \S+ minut\w+ e|"
        r"daqui a pouco|ja ja|(?:dez|cinco|quinze|\d+) minutinhos|minutinhos?|so um (?:minuto|segundo|"
        r"instante|momento)|um (?:minutinho|segundinho|instante)|"
        r"chat|levant\w+ a mao|lista de presenca|vou mandar (?:o link|depois|no grupo)|no grupo|"
        r"desculp\w+ o atraso|esperar (?:o|a|mais|todo)|alguem (?:mais )?tem (?:alguma )?(?:duvida|"
        r"pergunta)|alguma (?:duvida|pergunta)|duvidas|perguntas|"
        r"vou (?:passar|deixar) a palavra|pode(?:m)? (?:falar|perguntar)|trav(?:ou|ando) (?:a|o|minha|"
        r"sua) (?:tela|camera|imagem|video|audio)|(?:seu|meu|o) (?:audio|video|som)|"
        r"deixa eu (?:ver|compartilhar|abrir|pegar|trocar|tomar|beber)|consegue(?:m)? ver"
    ),
    meta=(
        r"(?:me )?(?:conta|fala|explica|diz) (?:ai|pra gente|pra nos)|"
        r"vamos (?:la|comecar|continuar|seguir|em frente|encerrar|fechar|retomar)|ja (?:ja )?(?:eu "
        r")?(?:chego|falo|mostro|explico|volto)|"
        r"(?:eu )?vou (?:falar|mostrar|explicar|comecar|passar|contar|demonstrar)|a gente (?:vai ver|"
        r"ja volta|vai falar|viu)|(?:como )?(?:eu )?(?:falei|disse|comentei|mostrei)|"
        r"a ideia (?:hoje|aqui|de hoje) e|no treinamento de hoje|nesse treinamento|hoje (?:a gente|eu|"
        r"nos) v\w+|por hoje|"
        r"conto daqui|depois eu|mais (?:pra|para a) frente|anota(?:do|ndo|r|ram)?|boa pergunta|otima "
        r"pergunta|faz sentido|entendi|"
        r"ficou claro|entenderam|perceberam|eu lembro|lembra(?:m)?(?: d|$)|primeiro vamos|proximo "
        r"topico|proximo assunto|proximo slide|mudando de assunto|nao e um curso"
    ),
    personal=(
        r"(?:eu )?(?:achei|achava|achando|pensei que)|eu (?:acho|gosto|adoro|odeio|fiquei|estava|tava|"
        r"fui|passei|sofri|chorei|dormi|quase|ja (?:vi|"
        r"fiz|passei|perdi))|"
        r"(?:me|mim) (?:ligou|ligaram|mata\w*|deixa|irrit\w+)|coitad[oa]|que (?:bom|pena|legal|susto|"
        r"delicia|horror|vergonha|loucura)|"
        r"brinca\w+|rindo|risada|ri\b|haha\w*|kk+|nossa|caramba|puxa|meu deus|imagina|pesadelo\w*|"
        r"sofr\w+|triste|feliz|"
        r"sabado (?:a noite)|domingo|madrugada (?:passada)|delicia|horrivel|vergonha"
    ),
    acknowledgement=(
        r"sim|nao|isso|isso mesmo|isso ai|certo|ok|okay|ta|ta bom|ta certo|beleza|perfeito|entendi|"
        r"anotado|anotei|legal|show|otimo|boa|"
        r"exato|exatamente|claro|com certeza|blz|valeu|obrigad[oa]|de nada|uhum|aham|ah|ah ta|hum+|"
        r"entendido|combinado|fechado|maravilha|"
        r"bacana|verdade|pode ser|pois e|nossa|eita|caramba|puxa|imagina|faz sentido|saquei|tranquilo|"
        r"sem problemas?|por favor|tudo bem|bom|entao|eu"
    ),
    interrogative=(
        r"(?:e |mas |entao |ai )?(?:qual|quais|como|onde|quando|quem|quanto|quantos|quantas|por que|"
        r"porque|o que|que|cade|sera que|tem (?:algum|como)|da pra|posso|pode|precisa|e se)"
    ),
    dependent=(
        r"el[ea]s?|esse|essa|isso|este|esta|isto|aquel[ea]|aquilo|dess[ea]|diss?o|ness[ea]|nisso|la|ai|"
        r"nele|nela|dele|dela|ou|senao|depois|tambem|que|porque|por isso|com isso|assim"
    ),
    clause_start=(
        r"(?:(?:e|ai|entao|depois|primeiro|segundo|por fim|antes|agora|voce|voces|a gente|eu|nos|so|"
        r"tambem|em seguida|"
        r"nesse caso|se nao|se|ai voce|ai a gente|vai|vao|deve|precisa|tem que|pode|podem|tambem|"
        r"sempre|basta|e so|a solucao e|o jeito e) )*"
    ),
    instructed=r"voces?|a gente|tem que|deve|precisa|depois|ai",
    code_noun=(
        r"comandos?|arquivos?|caminhos?|pastas?|diretorios?|parametros?|variave(?:l|is)|flags?|chaves?|"
        r"propriedades?|config\w*|"
        r"scripts?|urls?|enderecos?|endpoints?|rotas?|portas?|servidor|host|branch|tag|imagem|"
        r"namespace|tabelas?|campos?|colunas?|terminal|"
        r"console|prompt|extensao|e-?mail|dominio|modulos?|pacotes?|classes?|funcao|metodo|opcao|query|"
        r"consulta"
    ),
    stop_words=(
        "a o as os um uma uns umas e ou de do da dos das em no na nos nas ao aos para pra pro pras "
        "pros por pelo pela "
        "pelos pelas com sem que se ser sao foi era e esta estao estava isso isto aquilo esse essa "
        "esses essas este esta "
        "ele ela eles elas seu sua seus suas mais mas como quando onde ja tambem muito muita ha tem "
        "tinha ter voce voces "
        "gente deve pode podem assim entao porque nao sim so la ai aqui agora depois antes todo toda "
        "todos todas tudo nada "
        "algum alguma alguem ninguem outro outra outros outras mesmo mesma cada qual quem vai vou vao "
        "ir fazer faz fica "
        "ficar coisa coisas sempre nunca ate sobre entre eu nos me te lhe nosso nossa bem bom dia vez "
        "vezes ainda caso "
        "dar da usar usa dizer quer querer ver parte forma jeito problema erro hoje nome dele dela "
        "deles delas nele nela "
        "dentro fora qualquer quanto tanto pouco menos apenas somente esta estou ta to ne num numa "
        "duas dois tres primeiro "
        "segundo terceiro minutos segundos horas dias saber sabe acontece acontecer aparece precisa "
        "preciso colocar coloca "
        "passar passa chega chegar pegar pega tipo tipo certo grande pequeno novo nova lugar ponto exemplo"
    ),
    calendar=(
        "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro "
        "segunda terca quarta quinta sexta "
        "sabado domingo segunda-feira terca-feira quarta-feira quinta-feira sexta-feira natal pascoa "
        "carnaval deus brasil bom boa nao sim ok eu"
    ),
    labels=Labels(
        title="Treinamento técnico",
        problems="Problemas e soluções",
        procedures="Procedimentos e comandos",
        configurations="Configurações",
        rules="Regras",
        risks="Riscos e cuidados",
        prevention="Prevenção",
        overview="Visão geral",
        concepts="Conceitos e contexto",
        symptom="Sintoma",
        diagnosis="Diagnóstico",
        solution="Solução",
        avoid="Prevenção",
        rule="Regra",
        risk="Cuidado",
        setting="Configuração",
        value="Valor",
        evidence="Momento",
    ),
)
