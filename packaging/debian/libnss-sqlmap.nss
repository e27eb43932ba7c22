passwd after=files sqlmap
group after=files sqlmap
shadow after=files sqlmap
