"""Words that people choose as passwords, and that say nothing about one: `the password is sunshine`."""

from typing import Final

WORDS: Final = frozenset(
    # English
    "abracadabra alligator anaconda apple apricot asparagus avocado badger banana barbecue baseball basketball batman"  # noqa: SIM905
    " bluebird blueberry broccoli bubblegum bumblebee buttercup butterfly cactus caramel caterpillar cheesecake"
    " cherry chewbacca chocolate cinnamon coconut cookie cookies corvette crocodile cucumber cupcake daffodil daisy"
    " dinosaur dolphin dragon dragonfly eagle elephant falcon ferrari flamingo flower football gandalf giraffe"
    " gingerbread grasshopper guitar hamster harley hedgehog hummingbird iloveyou jellyfish kangaroo ketchup kitten"
    " ladybug lavender lemonade leopard letmein lollipop mango marmalade marshmallow mercedes mermaid monkey moonlight"
    " mushroom mustang narwhal nutella octopus opensesame orange orchid ostrich panda pancake panther peaches peanut"
    " pelican penguin pepperoni phoenix pikachu pineapple platypus pokemon popcorn porcupine potato princess pumpkin"
    " qwerty qwertyuiop rabbit rainbow raspberry rhinoceros rosebud rutabaga sesame shadow snowball snowflake spiderman"
    " squirrel starlight starwars strawberry sunflower sunrise sunset sunshine superman swordfish tangerine tiger"
    " tinkerbell tortoise trustno triceratops tulip turtle umbrella unicorn volcano waffle walrus watermelon whiskers"
    " zebra zucchini kittens puppies thunder lightning teapot lighthouse snowman pudding biscuit spaghetti lasagna"
    " chickadee otter raccoon salamander velociraptor xylophone yellowstone"
    # German, Dutch and Nordic
    " apfelkuchen erdbeere fledermaus hallo kartoffel kartoffelsalat lebkuchen passwort pfannkuchen regenbogen"
    " schatz schmetterling sommer sonnenblume sonnenschein sternschnuppe weihnachten aardbei boterham fiets"
    " kaaskop olifant pannenkoek pindakaas stroopwafel vlinder voetbal welkom wachtwoord zonnebloem zonneschijn"
    " blomma fotboll jordgubbe kanelbulle kottbulle köttbulle pannkaka sommar solros solsken välkommen brunost"
    " fjord jordbær rugbrød smørrebrød solsikke solskinn sommerfugl velkommen vaffel hamborgari sumar sólskin"
    # Slavic
    " kotek misiek motylek niedźwiedź pierogi polska słoneczko stokrotka truskawka żaba beruska beruška jahoda kocka"
    " knedlik knedlík motyl slnko slniecko slunce slunicko slunicka sluníčko palacinka čevapi cevapi jagoda leptir"
    " medved ljubav sunce suncokret rakija burek potica metulj sonce любовь наташа солнце солнышко подсолнух пароль"
    " борщ вареники матрешка медведь бабочка котик зайка сонечко соняшник метелик калина паляниця"
    " слънце пеперуда баница любов лептир сунце љубав ракија"
    # Romance
    " azerty bonjour chocolat chouchou coccinelle croissant doudou libellule loulou marguerite motdepasse papillon"
    " soleil tournesol bienvenido chocolate contraseña estrella futbol fútbol girasol mariposa princesa tequiero teamo"
    " tortilla abacaxi borboleta brigadeiro cachorro cachorrinho flamengo girassol estrela senha amore cappuccino"
    " ciao coccinella farfalla fragola girasole juventus pizza tiramisu tiramisù papallona taronja"
    " fluture floare soare mamaliga mămăligă parola papagal trandafir".split()
)
